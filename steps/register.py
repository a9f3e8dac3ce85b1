"""Make the candidate a version of the registered model."""

from typing import Any

import mlflow
import yaml

from longhaul import problem as problems
from longhaul.errors import LonghaulError
from longhaul.pipeline.step import step
from longhaul.registry import promotion
from longhaul.tracking import artifacts, logged_models
from longhaul.tracking.tags import LAST_PERIOD_SEEN, VERDICT, VERSION

_VERDICT = {"passed", "candidate", "checks", "metrics"}


@step
def register(candidate: str, verdict: str) -> str:
    """Register a candidate that has passed the gate: alias challenger, stage Staging."""
    judged = artifacts.read_json(verdict)
    _require_passed(judged, candidate, verdict)
    origin = f"the problem of {candidate}"
    declared = yaml.load(logged_models.load(candidate).problem, Loader=yaml.BaseLoader)
    name = problems.parse(declared, origin).name
    tags = {VERDICT: verdict, LAST_PERIOD_SEEN: _seen(judged), **_figures(judged)}
    version = promotion.register(name, candidate, tags, _describe(judged))
    uri = f"models:/{name}/{version}"
    mlflow.log_dict({"name": name, "version": version, "uri": uri}, "version.json")
    mlflow.set_tag(VERSION, uri)
    stands = "champion already" if version == promotion.champion(name) else "challenger, Staging"
    return f"{name} version {version}: {stands}"


def _require_passed(judged: Any, candidate: str, origin: str) -> None:
    """Refuse a candidate without a verdict of its own that says passed."""
    if not isinstance(judged, dict) or not judged.keys() >= _VERDICT:
        raise LonghaulError(f"{origin}: not a verdict; give the verdict.json of evaluate")
    if judged["candidate"] != candidate:
        raise LonghaulError(
            f"{origin}: a verdict on {judged['candidate']}, not on {candidate}; evaluate that model"
        )
    if judged["passed"] is not True:
        failed = [check for check in judged["checks"] if check.get("passed") is not True]
        reason = failed[0].get("reason") if failed else "no reason given"
        raise LonghaulError(f"{candidate}: refused by the gate: {reason}")


def _seen(judged: dict[str, Any]) -> str:
    """The last period that the candidate was fitted on or judged by; empty if it is not known."""
    found = judged.get("windows") or {}
    spans = [found.get("test"), *(found.get("candidate") or {}).values()]
    return max((str(span[-1]) for span in spans if span), default="")


def _figures(judged: dict[str, Any]) -> dict[str, str]:
    """The verdict's figures as tags, to find versions by."""
    return {f"test_{name}": _cell(one.get("value")) for name, one in judged["metrics"].items()}


def _describe(judged: dict[str, Any]) -> str:
    """The verdict's figures as a short Markdown table."""
    lines = ["| on the test window | value | low | high |", "|---|---|---|---|"]
    for name, figure in judged["metrics"].items():
        cells = (_cell(figure.get(key)) for key in ("value", "low", "high"))
        lines.append(f"| {name.replace('_', ' ')} | {' | '.join(cells)} |")
    against = judged.get("champion") or "no champion"
    threshold = _cell(judged.get("threshold"))
    return "\n".join([*lines, "", f"Judged against {against}; decides at {threshold}."])


def _cell(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, int | float) else "–"


if __name__ == "__main__":
    register()
