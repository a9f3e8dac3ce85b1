"""Decision on a period: nothing to do, something to look at, or something to act on."""

from dataclasses import dataclass
from typing import Literal

from longhaul.monitoring.evidence import PeriodEvidence
from longhaul.monitoring.falls import Diagnosis
from longhaul.monitoring.rules import Rule, apply_rules, diagnose, is_fault
from longhaul.problem import Problem

Level = Literal["ok", "watch", "act"]
Action = Literal["none", "look", "repair", "recalibrate", "retrain"]
REALIZED = "realized "  # how the rules about outcomes begin
LEVELS: tuple[Level, ...] = ("ok", "watch", "act")


@dataclass(frozen=True)
class Decision:
    """Conclusion from all rules.

    Attributes
    ----------
    level : {"ok", "watch", "act"}
    action : {"none", "look", "repair", "recalibrate", "retrain"}
        Repair is for the data; recalibrate, the cheaper remedy, for the level of the model's
        probabilities; retrain for the model.
    reason : str
    degraded : bool or None
        Whether the newest period with labels was worse than tolerated by a fault of the model, not
        only because outcomes were harder to predict; None if not known.
    diagnosis : str or None
        See `longhaul.monitoring.falls`.
    rules : tuple of Rule
    """

    level: Level
    action: Action
    reason: str
    degraded: bool | None
    rules: tuple[Rule, ...]
    diagnosis: Diagnosis | None = None


def decide(problem: Problem, evidence: PeriodEvidence) -> Decision:
    """Judge a period's evidence by the problem's limits; the cheapest remedy that helps wins."""
    rules = tuple(apply_rules(problem, evidence))
    diagnosis = diagnose(problem, evidence.realized, evidence.baseline)
    degraded = None if diagnosis is None else is_fault(diagnosis)
    level, action, reason = _conclude({rule.name: rule for rule in rules}, diagnosis)
    return Decision(level, action, reason, degraded, rules, diagnosis)


def _conclude(rules: dict[str, Rule], diagnosis: Diagnosis | None) -> tuple[Level, Action, str]:
    """Return level, action and reason."""
    for name in ("columns", "service"):
        if name in rules and rules[name].state == "act":
            return "act", "repair", rules[name].reason
    cause, persistence = rules.get("cause"), rules.get("persistence")
    lasting = persistence is not None and persistence.state == "act"
    if (
        cause is not None
        and cause.state == "act"
        and not (lasting and diagnosis == "discrimination")
    ):
        return "act", "recalibrate", cause.reason
    if cause is not None and persistence is not None and lasting:
        return "act", "retrain", f"{persistence.reason}; {_fallen(rules)}: {cause.reason}"
    raised = [rule for rule in rules.values() if rule.state in {"watch", "unknown"}]
    if not raised:
        return "ok", "none", "nothing moved beyond its reference variation"
    unknown = next((rule for rule in raised if rule.state == "unknown"), None)
    if unknown is None and diagnosis == "uncertainty" and cause is not None:
        return "watch", "none", f"{_fallen(rules)}: {cause.reason}; no remedy helps"
    if diagnosis == "intact" and unknown is None and all(_is_about_data(rule) for rule in raised):
        names = " and ".join(rule.name for rule in raised)
        return "watch", "none", f"{names} drifted, performance intact: no retraining"
    first = unknown or next((rule for rule in raised if not _is_about_data(rule)), raised[0])
    return "watch", "look", f"{first.name}: {first.reason}"


def _fallen(rules: dict[str, Rule]) -> str:
    """Name the figures that have fallen."""
    names = [name for name, rule in rules.items() if name.startswith(REALIZED)]
    fallen = [name.removeprefix(REALIZED) for name in names if rules[name].state == "watch"]
    return f"{', '.join(fallen)} fell" if fallen else "performance fell"


def _is_about_data(rule: Rule) -> bool:
    """Return whether a rule is about the data, not about realized performance."""
    data_rules = {"features", "predictions", "volume", "repeated rows"}
    return rule.name in data_rules or rule.name.startswith("expected ")
