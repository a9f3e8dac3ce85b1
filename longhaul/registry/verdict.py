"""Verdicts of the gate, checked and described for registration."""

from collections.abc import Mapping
from typing import Any

from longhaul.errors import LonghaulError

_KEYS = {"passed", "candidate", "checks", "metrics"}


def require_passed(verdict: Any, candidate: str, origin: str) -> None:
    """Refuse a candidate unless the verdict is about it and has passed.

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
    if verdict["passed"] is not True:
        failed = [check for check in verdict["checks"] if check.get("passed") is not True]
        reason = failed[0].get("reason") if failed else "no reason given"
        raise LonghaulError(f"{candidate}: refused by the gate: {reason}")


def last_period_seen(verdict: Mapping[str, Any]) -> str:
    """Return the last period that the candidate was fitted or judged on; empty if unknown."""
    windows = verdict.get("windows") or {}
    spans = [windows.get("test"), *(windows.get("candidate") or {}).values()]
    return max((str(span[-1]) for span in spans if span), default="")


def metric_tags(verdict: Mapping[str, Any]) -> dict[str, str]:
    """Return the test metrics as tags of the version, to find versions by."""
    metrics = verdict["metrics"].items()
    return {f"test_{name}": _format(interval.get("value")) for name, interval in metrics}


def describe(verdict: Mapping[str, Any]) -> str:
    """Return the test metrics as a short Markdown table, for the version's description."""
    lines = ["| on the test window | value | low | high |", "|---|---|---|---|"]
    for name, interval in verdict["metrics"].items():
        cells = (_format(interval.get(key)) for key in ("value", "low", "high"))
        lines.append(f"| {name.replace('_', ' ')} | {' | '.join(cells)} |")
    champion = verdict.get("champion") or "no champion"
    threshold = _format(verdict.get("threshold"))
    return "\n".join([*lines, "", f"Judged against {champion}; decides at {threshold}."])


def _format(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, int | float) else "–"
