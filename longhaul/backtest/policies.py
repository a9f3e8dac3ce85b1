"""Policies: remedies, alone and together, that keep a model's predictions good."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from longhaul.monitoring.assessment import Assessment

Level = Literal["as predicted", "theory", "rule", "always"]


@dataclass(frozen=True)
class Policy:
    """Policy: how probabilities are served, when to retrain, and whether a challenger must win.

    Attributes
    ----------
    name : str
    level : {"as predicted", "theory", "rule", "always"}
        Probabilities and decisions as the model predicts them; decided by the threshold that is
        best for calibrated probabilities; corrected on the days on which the rule of
        `longhaul.monitoring.level` uses its forecast; or corrected from the first outcome on.
    retrains : callable
        Whether to retrain after a period, given its assessment.
    gated : bool
        A gated challenger is judged on the newest period with outcomes, and so has not learned from
        it. One without a gate learns from all of them, and is promoted without being judged.
    """

    name: str
    level: Level
    retrains: Callable[[Assessment], bool]
    gated: bool = True


def _always(_: Assessment) -> bool:
    return True


def _never(_: Assessment) -> bool:
    return False


def _on_drift(assessment: Assessment) -> bool:
    return assessment.drift is not None and bool(assessment.drift.drifted)


def _on_evidence(assessment: Assessment) -> bool:
    return assessment.decision.action == "retrain"


NOTHING = Policy("nothing", "as predicted", _never)
POLICIES = (
    NOTHING,
    Policy("threshold by theory", "theory", _never),
    Policy("recalibrate", "rule", _never),
    Policy("recalibrate always", "always", _never),
    Policy("retrain on evidence", "as predicted", _on_evidence),
    Policy("recalibrate, and retrain on evidence", "rule", _on_evidence),
    Policy("retrain on drift", "as predicted", _on_drift),
    Policy("retrain every period, gated", "as predicted", _always),
    Policy("retrain every period, no gate", "as predicted", _always, gated=False),
    Policy("recalibrate, and retrain every period, no gate", "rule", _always, gated=False),
)
