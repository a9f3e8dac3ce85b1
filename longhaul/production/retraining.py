"""Sentences about the retraining of a champion."""

from collections.abc import Mapping
from typing import Any


def explain_verdict(verdict: Mapping[str, Any]) -> str:
    """Return the reason of the first failed check, or else of the comparison with the champion."""
    checks = verdict["checks"]
    failed = [check for check in checks if not check["passed"]]
    return str(failed[0]["reason"] if failed else checks[-1]["reason"])


def summarize(
    version: str, decision: Mapping[str, Any], outcome: Mapping[str, Any] | None, unchanged: bool
) -> str:
    """Return the headline of a cycle.

    Parameters
    ----------
    version : str
        The version in charge of the period.
    decision : mapping
        Of monitoring, from monitor.json.
    outcome : mapping or None
        Of retraining, from retrain.json, if there was any.
    unchanged : bool
        Whether all steps of the cycle were reused.
    """
    headline = f"version {version}: {decision['level']}, {decision['reason']}"
    if outcome and outcome["promoted"]:
        headline += f"; version {outcome['promoted']} took over: {outcome['reason']}"
    elif outcome:
        headline += f"; version {version} stays champion: {outcome['reason']}"
    return f"nothing has changed since: {headline}" if unchanged else headline
