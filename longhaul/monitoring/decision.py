"""Decision on a period: nothing to do, something to look at, or something to act on."""

from dataclasses import dataclass
from typing import Literal

from longhaul.monitoring.rules import PeriodEvidence, Rule, apply_rules, is_degraded
from longhaul.problem import Problem

Level = Literal["ok", "watch", "act"]
Action = Literal["none", "look", "repair", "retrain"]
LEVELS: tuple[Level, ...] = ("ok", "watch", "act")


@dataclass(frozen=True)
class Decision:
    """Conclusion from all rules.

    Attributes
    ----------
    level : {"ok", "watch", "act"}
    action : {"none", "look", "repair", "retrain"}
        Repair is for the data, retrain for the model.
    reason : str
    degraded : bool or None
        Whether the newest period with labels performed worse than tolerated; None if not known.
    rules : tuple of Rule
    """

    level: Level
    action: Action
    reason: str
    degraded: bool | None
    rules: tuple[Rule, ...]


def decide(problem: Problem, evidence: PeriodEvidence) -> Decision:
    """Judge a period's evidence by the problem's limits."""
    rules = tuple(apply_rules(problem, evidence))
    return _conclude(rules, is_degraded(problem, evidence.realized, evidence.baseline))


def _conclude(rules: tuple[Rule, ...], degraded: bool | None) -> Decision:
    by_name = {rule.name: rule for rule in rules}
    if by_name["columns"].state == "act":
        return Decision("act", "repair", by_name["columns"].reason, degraded, rules)
    persistence = by_name.get("persistence")
    if persistence is not None and persistence.state == "act":
        return Decision("act", "retrain", persistence.reason, degraded, rules)
    raised = [rule for rule in rules if rule.state in {"watch", "unknown"}]
    if not raised:
        reason = "nothing moved beyond its reference variation"
        return Decision("ok", "none", reason, degraded, rules)
    unknown = next((rule for rule in raised if rule.state == "unknown"), None)
    if degraded is False and unknown is None and all(_is_about_data(rule) for rule in raised):
        names = " and ".join(rule.name for rule in raised)
        reason = f"{names} drifted, performance intact: no retraining"
        return Decision("watch", "none", reason, degraded, rules)
    first = unknown or next((rule for rule in raised if not _is_about_data(rule)), raised[0])
    return Decision("watch", "look", f"{first.name}: {first.reason}", degraded, rules)


def _is_about_data(rule: Rule) -> bool:
    """Return whether a rule is about the data, not about realized performance."""
    data_rules = {"features", "predictions", "volume", "repeated rows"}
    return rule.name in data_rules or rule.name.startswith("expected ")
