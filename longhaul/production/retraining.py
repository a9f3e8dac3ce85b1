"""Sentences about the retraining of a champion, and about the challenger that waits."""

from collections.abc import Mapping
from typing import Any

from longhaul.registry import verdict as verdicts

Record = Mapping[str, Any]

_UNDECIDED = "is undecided and waits"


def explain_verdict(verdict: Record) -> str:
    """Return all reasons against a promotion, or else the reason of the comparison that was won."""
    return verdicts.refusal(verdict) or str(verdict["checks"][-1]["reason"])


def summarize(
    version: str,
    decision: Record,
    outcome: Record | None,
    unchanged: bool,
    look: Record | None = None,
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
    look : mapping or None
        At the challenger that waited, if there was one.
    """
    headline = f"version {version}: {decision['level']}, {decision['reason']}"
    if look:
        headline += f"; {describe_look(look)}"
    if outcome:
        headline += f"; {describe_retraining(outcome, version)}"
    return f"nothing has changed since: {headline}" if unchanged else headline


def describe_retraining(outcome: Record, champion: str) -> str:
    """Describe the outcome of a retraining, from retrain.json."""
    if outcome["promoted"]:
        return (
            f"version {outcome['promoted']} took over from version {champion}: {outcome['reason']}"
        )
    if outcome.get("waiting"):
        why = "waits for approval" if outcome["outcome"] == verdicts.APPROVAL else _UNDECIDED
        return (
            f"version {champion} stays champion, version {outcome['waiting']} {why}:"
            f" {outcome['reason']}"
        )
    return f"version {champion} stays champion: {outcome['reason']}"


def describe_first(name: str, settled: Record) -> str:
    """Say why there is no champion yet, and what to do about it.

    Parameters
    ----------
    name : str
        The registered model.
    settled : mapping
        See `longhaul.pipeline.composite.settle`.
    """
    if settled["outcome"] == verdicts.APPROVAL:
        return (
            f"no champion yet: version {settled['waiting']} passed and waits for approval; approve"
            f" it with mlflow run . -e promote -P model=models:/{name}/{settled['waiting']}"
            " -P reason=..., then run main again"
        )
    return f"no champion to deploy: {settled['reason']}"


def describe_look(look: Record) -> str:
    """Describe a look at the challenger that waits, from cycle.json."""
    answers = {
        "promote": "took over",
        verdicts.APPROVAL: "passed, and waits for approval",
        verdicts.UNDECIDED: "is still undecided",
        "refuse": "is refused",
    }
    where = f"look {look['look']} of {look['looks']}, at {look['judged_on']}"
    return f"version {look['challenger']} {answers[look['outcome']]} ({where}): {look['reason']}"
