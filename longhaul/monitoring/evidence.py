"""Evidence of a period, gathered for the rules that judge it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from longhaul.evaluation.intervals import Interval
from longhaul.monitoring.drift import Drift
from longhaul.monitoring.labelling import Completeness
from longhaul.monitoring.performance import Figures


@dataclass(frozen=True)
class RealizedMetrics:
    """Realized performance of a period's predictions.

    Attributes
    ----------
    period : str
    rows, labelled, positives : int
        Predictions, those with a label, and those with a positive one.
    figures : dict of str to Interval
        Empty where no label is known.
    clusters : int
        Sampling units with a label.
    unit : str
        Their name in the plural, such as ``days``.
    completeness : Completeness or None
        Of the outcomes; None where it is not asked.
    """

    period: str
    rows: int
    labelled: int
    positives: int
    figures: Figures
    clusters: int = 0
    unit: str = "rows"
    completeness: Completeness | None = None


@dataclass(frozen=True)
class CorrectionEvidence:
    """Effect of a correction of the level, applied or not; see `longhaul.monitoring.level`.

    Attributes
    ----------
    helps : bool
        Whether the rule would use it on the newest day.
    applied : bool
        Whether the period's predictions were served with it.
    gain : Interval or None
        Log loss of a row that its forecasts save over all days since the version was judged, with
        an interval over days.
    saving : Interval or None
        The same in the unit of the declared costs.
    """

    helps: bool = False
    applied: bool = False
    gain: Interval | None = None
    saving: Interval | None = None

    @property
    def is_proven(self) -> bool:
        """True where it would have saved loss beyond doubt."""
        return self.gain is not None and self.gain.low > 0

    def describe(self) -> str:
        """Say what it would have saved."""
        if self.gain is None or self.saving is None:
            return ""
        gain, saving = (
            f"{part.value:+.4f} [{part.low:+.4f}, {part.high:+.4f}]"
            for part in (self.gain, self.saving)
        )
        return f"{gain} of log loss and {saving} of the cost of a row"


NO_CORRECTION = CorrectionEvidence()


@dataclass(frozen=True)
class ServiceLosses:
    """Losses of a service in a period: what it could not read, or not record.

    Attributes
    ----------
    refused : int
        Requests that were refused since they could not be read.
    unread : int
        Values that could not be read, and were taken for missing.
    unrecorded : int
        Rows that were answered, and could not be recorded.
    """

    refused: int = 0
    unread: int = 0
    unrecorded: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.refused + self.unread + self.unrecorded

    def __add__(self, other: "ServiceLosses") -> "ServiceLosses":
        return ServiceLosses(
            self.refused + other.refused,
            self.unread + other.unread,
            self.unrecorded + other.unrecorded,
        )


@dataclass(frozen=True)
class PeriodEvidence:
    """Evidence of a period that the rules judge.

    Attributes
    ----------
    rows : int
    columns : mapping of str to str
        By column: what is wrong with all of it.
    new : sequence of str
        Columns that are neither features nor declared as excluded.
    drift : Drift or None
        None where there are no rows.
    expected : dict of str to Interval
        Performance estimated without labels.
    reference_estimate : float or None
        The primary metric estimated for the judged window's own predictions by the same means.
    missed : bool
        Whether the newest estimate that outcomes could check was wrong.
    baseline : mapping of str to Interval
        The figures of the window that the model was judged on.
    correction : CorrectionEvidence
    realized : RealizedMetrics or None
        Of the newest period with labels due; None where there is none.
    earlier : sequence of bool
        Whether the same model's performance was degraded in each period before, oldest first.
    breach : str
        How the period broke the contract; empty where it kept it.
    losses : ServiceLosses or None
        Of the service that answered; None where no service did.
    """

    rows: int
    columns: Mapping[str, str] = field(default_factory=dict)
    new: Sequence[str] = ()
    drift: Drift | None = None
    expected: Figures = field(default_factory=dict)
    reference_estimate: float | None = None
    missed: bool = False
    baseline: Figures = field(default_factory=dict)
    correction: CorrectionEvidence = NO_CORRECTION
    realized: RealizedMetrics | None = None
    earlier: Sequence[bool] = ()
    breach: str = ""
    losses: ServiceLosses | None = None
