"""Response to a period: a look at the challenger that waits, and retraining, as `cycle` responds.

See `longhaul.pipeline.look`: the challenger that waits is compared first. A new one is trained if
the policy asks for it and the first did not take over; left undecided, it replaces the first.
"""

from dataclasses import dataclass, replace
from typing import Protocol

from longhaul.backtest.policies import Policy
from longhaul.backtest.tenure import Deployed, Tenure, Waiting
from longhaul.evaluation.comparison import Comparison
from longhaul.evaluation.gate import Outcome
from longhaul.evaluation.looks import is_due
from longhaul.monitoring.assessment import Assessment


@dataclass(frozen=True)
class Judgement:
    """Answer of the gate about a challenger, with the gains from all looks so far."""

    outcome: Outcome
    comparison: Comparison


class Challengers(Protocol):
    """Source of challengers, see `longhaul.backtest.models.Models`."""

    def train(self, newest: str, gated: bool) -> str:
        """Train the challenger of a period; return its name."""

    def last_seen(self, model: Deployed) -> str:
        """Return the last period that a model was fitted or judged on."""

    def compare(
        self, challenger: str, champion: str, period: str, earlier: Comparison | None
    ) -> Judgement:
        """Judge a challenger on a period, added to earlier looks."""


@dataclass(frozen=True)
class Response:
    """Response to a period.

    Attributes
    ----------
    tenure : Tenure
        Of the next period's champion.
    looked : bool
        Whether a challenger that had waited was compared again.
    trained : str
        The challenger that was trained; empty if none was.
    """

    tenure: Tenure
    looked: bool = False
    trained: str = ""


def respond(
    models: Challengers, policy: Policy, tenure: Tenure, due: str | None, assessment: Assessment
) -> Response:
    """Look at the challenger that waits; retrain if the policy asks for it and no one took over.

    Parameters
    ----------
    models : Challengers
    policy : Policy
    tenure : Tenure
        Of the period's champion.
    due : str or None
        The newest period with outcomes; None before there is any.
    assessment : Assessment
        Of the period.
    """
    if due is None:
        return Response(tenure)
    after, looked = _look(models, tenure, due)
    if after.champion != tenure.champion or not policy.retrains(assessment):
        return Response(after, looked)
    name = models.train(due, policy.gated)
    if not policy.gated:
        return Response(Tenure(Deployed(name)), looked, name)
    return Response(_challenge(models, after, Deployed(name, due), None), looked, name)


def _look(models: Challengers, tenure: Tenure, due: str) -> tuple[Tenure, bool]:
    """Compare the challenger that waits again, if it is due; return whether it was."""
    waiting = tenure.waiting
    if waiting is None:
        return tenure, False
    seen = (models.last_seen(model) for model in (tenure.champion, waiting.challenger))
    if not is_due(due, *seen):
        return tenure, False
    challenger = waiting.challenger._replace(judged_on=due)
    without = replace(tenure, waiting=None)
    return _challenge(models, without, challenger, waiting.comparison), True


def _challenge(
    models: Challengers, tenure: Tenure, challenger: Deployed, earlier: Comparison | None
) -> Tenure:
    """Judge a challenger: it takes over, waits in place of any other, or is dropped."""
    judged = models.compare(challenger.name, tenure.champion.name, challenger.judged_on, earlier)
    if judged.outcome == "promote":
        return Tenure(challenger)
    if judged.outcome == "undecided":
        return replace(tenure, waiting=Waiting(challenger, judged.comparison))
    return tenure
