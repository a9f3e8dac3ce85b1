"""One decision per period: nothing to do, something to look at, or something to act on."""

from dataclasses import dataclass
from typing import Literal

from longhaul.monitoring.rules import PeriodEvidence, Rule, is_degraded, rules
from longhaul.problem import Problem

Level = Literal["ok", "watch", "act"]
Action = Literal["none", "look", "repair", "retrain"]
LEVELS: tuple[Level, ...] = ("ok", "watch", "act")


@dataclass(frozen=True)
class Decision:
    """What the rules say together.

    Attributes
    ----------
    level : {"ok", "watch", "act"}
    action : {"none", "look", "repair", "retrain"}
        Repair is for the data, retrain for the model.
    reason : str
    fell : bool or None
        Whether the newest period with outcomes performed worse than it may; None if not known.
    rules : tuple of Rule
    """

    level: Level
    action: Action
    reason: str
    fell: bool | None
    rules: tuple[Rule, ...]


def decide(problem: Problem, evidence: PeriodEvidence) -> Decision:
    """Hold a period's evidence against the problem's limits."""
    found = tuple(rules(problem, evidence))
    return _conclude(found, is_degraded(problem, evidence.realized, evidence.baseline))


def _conclude(rules: tuple[Rule, ...], fell: bool | None) -> Decision:
    states = {rule.name: rule for rule in rules}
    if states["columns"].state == "act":
        return Decision("act", "repair", states["columns"].reason, fell, rules)
    lasting = states.get("persistence")
    if lasting is not None and lasting.state == "act":
        return Decision("act", "retrain", lasting.reason, fell, rules)
    told = [rule for rule in rules if rule.state in {"watch", "unknown"}]
    if not told:
        return Decision("ok", "none", "nothing moved beyond its usual", fell, rules)
    unknown = next((rule for rule in told if rule.state == "unknown"), None)
    if fell is False and unknown is None and all(_of_data(rule) for rule in told):
        moved = " and ".join(rule.name for rule in told)
        reason = f"{moved} drifted, performance intact: no retraining"
        return Decision("watch", "none", reason, fell, rules)
    first = unknown or next((rule for rule in told if not _of_data(rule)), told[0])
    return Decision("watch", "look", f"{first.name}: {first.reason}", fell, rules)


def _of_data(rule: Rule) -> bool:
    """Whether a rule speaks of the data, not of performance."""
    told = rule.name in {"features", "predictions", "volume", "repeated rows"}
    return told or rule.name.startswith("expected ")
