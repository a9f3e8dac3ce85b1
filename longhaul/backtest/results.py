"""Results of a policy, period by period."""

from dataclasses import dataclass, field

from longhaul.backtest.days import Days
from longhaul.backtest.policies import Policy


@dataclass(frozen=True)
class PeriodResult:
    """Result of one period under a policy.

    Attributes
    ----------
    period : str
    model : str
        The champion during the period: `longhaul.backtest.models.START`, or the name of a
        challenger.
    level, action : str
        Of the decision.
    corrected : int
        Days on which probabilities were corrected.
    trained, promoted : bool
        Whether a challenger was trained after the period, and whether one took over.
    looked : bool
        Whether a challenger that had waited was compared with the champion again.
    waits : bool
        Whether a challenger waits for another look.
    """

    period: str
    model: str
    level: str
    action: str
    corrected: int
    trained: bool
    promoted: bool
    looked: bool = False
    waits: bool = False


@dataclass(frozen=True)
class PolicyResult:
    """Results of all periods under one policy and one label lag.

    Attributes
    ----------
    policy : Policy
    lag : str
    periods : list of PeriodResult
    days : list of Days
        One for each period.
    seconds : float
        Total time of training.
    """

    policy: Policy
    lag: str
    periods: list[PeriodResult] = field(default_factory=list)
    days: list[Days] = field(default_factory=list)
    seconds: float = 0.0
