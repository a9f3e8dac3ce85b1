"""Verdicts of the gate, checked and described for registration."""

from collections.abc import Mapping
from typing import Any

from longhaul.errors import LonghaulError
from longhaul.tracking.tags import LAST_PERIOD_SEEN, LOOKS, OUTCOME, VERDICT

_KEYS = {"passed", "candidate", "checks", "metrics"}
UNDECIDED = "undecided"
APPROVAL = "approval"


def outcome(verdict: Mapping[str, Any]) -> str:
    """Return the gate's answer: promote, approval, undecided or refuse.

    Approval is promote, where the problem asks for somebody's approval first.
    """
    if verdict["passed"] is True:
        return APPROVAL if verdict.get("approval") == "required" else "promote"
    return UNDECIDED if verdict.get("outcome") == UNDECIDED else "refuse"


def refusal(verdict: Mapping[str, Any]) -> str:
    """Return all reasons against a promotion; empty when there is none."""
    failed = [check for check in verdict["checks"] if check.get("passed") is not True]
    return "; ".join(str(check.get("reason")) for check in failed)


def require_not_refused(verdict: Any, candidate: str, origin: str) -> None:
    """Refuse a candidate unless the verdict is about it, and it has passed or is undecided.

    Parameters
    ----------
    verdict : Any
        Content of the verdict.json of evaluate.
    candidate : str
        URI of the model.
    origin : str
        URI of the verdict, for the message.

    Raises
    ------
    LonghaulError
    """
    if not isinstance(verdict, dict) or not verdict.keys() >= _KEYS:
        raise LonghaulError(f"{origin}: not a verdict; give the verdict.json of evaluate")
    if verdict["candidate"] != candidate:
        raise LonghaulError(
            f"{origin}: a verdict on {verdict['candidate']}, not on {candidate}; evaluate that"
            " model"
        )
    if outcome(verdict) == "refuse":
        reason = refusal(verdict) or "no reason given"
        raise LonghaulError(f"{candidate}: refused by the gate: {reason}")


def last_period_seen(verdict: Mapping[str, Any]) -> str:
    """Return the last period that the candidate was fitted or judged on; empty if unknown."""
    windows = verdict.get("windows") or {}
    spans = [windows.get("test"), *(windows.get("candidate") or {}).values()]
    return max((str(span[-1]) for span in spans if span), default="")


def version_tags(verdict: Mapping[str, Any], uri: str) -> dict[str, str]:
    """Return the tags of a version that is registered with a verdict at `uri`."""
    return {
        VERDICT: uri,
        OUTCOME: outcome(verdict),
        LOOKS: str(verdict.get("look") or 1),
        LAST_PERIOD_SEEN: last_period_seen(verdict),
        **metric_tags(verdict),
    }


def metric_tags(verdict: Mapping[str, Any]) -> dict[str, str]:
    """Return the test metrics and their bounds as tags of the version, to find versions by."""
    tags = {}
    for name, interval in verdict["metrics"].items():
        tags[f"test_{name}"] = _format(interval.get("value"))
        for bound in ("low", "high"):
            if interval.get(bound) is not None:
                tags[f"test_{name}_{bound}"] = _format(interval[bound])
    return tags


def describe(verdict: Mapping[str, Any]) -> str:
    """Return the test metrics as a short Markdown table, for the version's description."""
    lines = ["| on the test window | value | low | high |", "|---|---|---|---|"]
    for name, interval in verdict["metrics"].items():
        cells = (_format(interval.get(key)) for key in ("value", "low", "high"))
        lines.append(f"| {name.replace('_', ' ')} | {' | '.join(cells)} |")
    champion = verdict.get("champion") or "no champion"
    cluster = verdict.get("cluster")
    counted = f" over {cluster['count']} {cluster['unit']}" if cluster else ""
    threshold = _format(verdict.get("threshold"))
    return "\n".join([*lines, "", f"Judged against {champion}{counted}; decides at {threshold}."])


def _format(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, int | float) else "–"
