"""The problem that a file declares: a frozen, validated dataclass."""

import re
from collections.abc import Iterable
from dataclasses import asdict
from itertools import pairwise
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AliasChoices, ConfigDict, Field
from pydantic.dataclasses import dataclass

from longhaul.errors import LonghaulError
from longhaul.task_type import TaskType

_STRICT = ConfigDict(extra="forbid", str_strip_whitespace=True)

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
OpenShare = Annotated[float, Field(gt=0, lt=1)]
Cost = Annotated[float, Field(gt=0, allow_inf_nan=False)]
PeriodLabel = Annotated[str, Field(min_length=1)]
Window = tuple[PeriodLabel, PeriodLabel]
OpenWindow = Annotated[tuple[PeriodLabel, ...], Field(min_length=1, max_length=2)]
FormatText = Annotated[str, Field(pattern=r"^(number|category|date)( \S.*)?$")]
Duration = Annotated[str, Field(pattern=r"^[0-9]+ (hour|day|week)s?$")]

Length = Literal["hour", "day", "week", "month", "quarter", "year"]

TIME_CLUSTERS, ROW = ("hour", "day", "week", "month"), "row"  # clusters that are no column

BATCH = "longhaul.batch"  # the column with a row's batch, in tables without a time column


@dataclass(frozen=True, config=_STRICT)
class Target:
    """The column to predict.

    Attributes
    ----------
    column : str
    task_type : {"binary", "multiclass", "regression"}
        Older problem files call it ``kind``, which is still read.
    positive : str
        For two classes: the one that counts as positive, as text.
    classes : tuple of str
        For several classes: all of them, as text. If empty, they are read from the table.
    """

    column: str
    task_type: TaskType = Field(
        default="binary", validation_alias=AliasChoices("task_type", "kind")
    )
    positive: str = "true"
    classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.classes and self.task_type != "multiclass":
            raise ValueError(f"classes are for task_type multiclass, not {self.task_type}")
        if len(set(self.classes)) < len(self.classes):
            raise ValueError("classes: a class is listed twice; list each class once")


@dataclass(frozen=True, config=_STRICT)
class Time:
    """The column that orders the rows, and the length of one period.

    Attributes
    ----------
    column : str
    period : str
    zone : str
        The zone that times with an offset from UTC are converted to, in all columns: ``UTC``, an
        offset such as ``+02:00``, or a name such as ``Europe/Berlin``. Empty: that of the first
        offset.
    """

    column: str
    period: Length = "month"
    zone: str = ""

    def __post_init__(self) -> None:
        if self.zone and not _is_zone(self.zone):
            raise ValueError(
                f"zone: there is no time zone {self.zone!r}; write UTC, an offset such as +02:00,"
                " or a name such as Europe/Berlin"
            )


@dataclass(frozen=True, config=_STRICT)
class Batches:
    """Periods of a table without a time column: parts of the source, then one per later file.

    Attributes
    ----------
    parts : int
        The number of batches that the source is divided into; a hash of a row's group, or of the
        row itself, chooses its batch.
    later : str
        The files that arrive later, as a pattern such as ``arrivals/*.csv``. Each is one more
        batch, for good, from when it is first seen; those first seen together are in natural
        order: ``file-9`` before ``file-10``.
    """

    parts: Annotated[int, Field(ge=3, le=1000)] = 20
    later: str = ""


@dataclass(frozen=True, config=_STRICT)
class Traffic:
    """Live traffic: what a service has logged, which takes the place of the production periods.

    Attributes
    ----------
    log : str
        The folder of the prediction log; a relative path starts at the problem file's folder.
        Empty: the step that reads it is told where.
    period_of : {"row", "request"}
        A row is in the period of its own time, if it was sent, or of when it was asked about.
    outcomes : str
        A table of outcomes that comes later, with the columns ``key`` and the target's: a file, a
        folder, a pattern of files, or a URI, as a source.
    query : str
        The SQL query, if that is a database.
    """

    log: str = ""
    period_of: Literal["row", "request"] = "row"
    outcomes: str = ""
    query: str = ""


@dataclass(frozen=True, config=_STRICT)
class Retention:
    """Ages in days at which `gc` deletes rows about people; what is not declared is kept.

    Attributes
    ----------
    log, shadow, outcomes : int or None
        Of files of the prediction log, by the day in their path: predictions and losses, the
        shadow's predictions, and outcomes by request.
    scored : int or None
        Of the predictions that runs of steps have stored, by the end of the run.
    """

    log: int | None = Field(default=None, ge=1)
    shadow: int | None = Field(default=None, ge=1)
    outcomes: int | None = Field(default=None, ge=1)
    scored: int | None = Field(default=None, ge=1)


@dataclass(frozen=True, config=_STRICT)
class Windows:
    """First and last period, both included, of each window, in order of time.

    Production may be open-ended: then only its first period is given.
    """

    train: Window
    valid: Window
    test: Window
    production: OpenWindow

    def __post_init__(self) -> None:
        windows = {name: tuple(window) for name, window in asdict(self).items()}
        for name, window in windows.items():
            if window[0] > window[-1]:
                raise ValueError(f"{name} ends ({window[-1]}) before it starts ({window[0]})")
        for (before, earlier), (after, later) in pairwise(windows.items()):
            if later[0] <= earlier[-1]:
                raise ValueError(
                    f"{after} starts at {later[0]}, but {before} before it ends at {earlier[-1]}:"
                    " windows must follow one another"
                )

    def in_production(self, period: str) -> bool:
        """Return whether a period belongs to the production window."""
        first, *last = self.production
        return first <= period and (not last or period <= last[0])

    def after_test(self, period: str) -> bool:
        """Return whether a period comes after the test window: no model is judged on it first."""
        return period > self.test[-1]


@dataclass(frozen=True, config=_STRICT)
class Costs:
    """Costs of a false positive and of a false negative, in the same unit."""

    false_positive: Cost = 1.0
    false_negative: Cost = 1.0


@dataclass(frozen=True, config=_STRICT)
class Contract:
    """Tolerances of the data contract, relative to the training window.

    Attributes
    ----------
    margin : float
        How far a number may lie outside the learned range, as a share of that range's width.
    missing : float
        How far a column's share of missing values may rise above the highest one learned.
    unseen : float
        How far the share of a period's rows with an unseen category may rise above the highest
        one learned.
    quarantine : float
        The highest share of a period's rows that may be quarantined before the step fails.
    """

    margin: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.5
    missing: Share = 0.1
    unseen: Share = 0.1
    quarantine: Share = 0.01


@dataclass(frozen=True, config=_STRICT)
class Gate:
    """Requirements on a candidate on the test window, before it may be registered.

    Attributes
    ----------
    min_rows : int
        With fewer test rows than this, the candidate is refused for lack of evidence.
    min_auc, min_accuracy, min_r2 : float
        The lowest area under the ROC curve for two classes, the lowest accuracy for several, and
        the lowest coefficient of determination for numbers.
    max_calibration_error : float
        The highest expected calibration error of a classifier.
    margin : float
        The amount by which the candidate's loss must beat the champion's, with the declared
        confidence, in pairs of the same rows: log loss, or squared error.
    confidence : float
        The level of every interval. That of the comparison holds for all looks together.
    looks : int
        How often a candidate may be compared with the champion, on a new period each time, while
        neither is better beyond doubt. More looks cost power at each; see
        `longhaul.evaluation.comparison.confidence_of_look`.
    approval : str
        ``required``: a candidate that passes waits until somebody promotes or refuses it;
        ``automatic``: it is promoted.
    """

    min_rows: Annotated[int, Field(ge=1)] = 1000
    min_auc: Share = 0.5
    min_accuracy: Share = 0.0
    min_r2: Annotated[float, Field(le=1, allow_inf_nan=False)] = 0.0
    max_calibration_error: Share = 0.1
    margin: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    looks: Annotated[int, Field(ge=1)] = 3
    approval: Literal["automatic", "required"] = "automatic"


@dataclass(frozen=True, config=_STRICT)
class Rollout:
    """Growth of a canary, and the limits at which it goes back; see docs/registry.md.

    Attributes
    ----------
    shares : tuple of float
        Shares of the requests that it grows through, ascending.
    min_rows : int
        Outcomes of its rows, since it got a share, before they are taken as evidence.
    max_failures : float
        The highest share of its requests that it may fail to answer; the champion answers them.
    max_slowdown : float
        How many times the champion's median time it may take for a request.
    min_requests : int
        Requests of a worker before failures and time are judged.
    """

    shares: Annotated[tuple[OpenShare, ...], Field(min_length=1)] = (0.1, 0.25, 0.5)
    min_rows: Annotated[int, Field(ge=1)] = 1000
    max_failures: Share = 0.01
    max_slowdown: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 3.0
    min_requests: Annotated[int, Field(ge=1)] = 100

    def __post_init__(self) -> None:
        if list(self.shares) != sorted(set(self.shares)):
            raise ValueError("shares: a canary grows; write its shares in ascending order")


@dataclass(frozen=True, config=_STRICT)
class Monitoring:
    """Settings of the monitoring of a deployed model; see docs/monitoring.md.

    Attributes
    ----------
    bins : int
        The number of quantile bins of each numeric column and of the scores.
    false_discovery : float
        The false discovery rate: the highest expected share of false alarms among the columns
        reported as drifted.
    min_rows : int
        A period with fewer rows than this is too small to be judged.
    label_lag : int or str
        Time until the ground truth of a row is available: a duration such as ``1 day``, ``6 hours``
        or ``2 weeks``; or a number of periods, after the one that the row is in.
    min_labelled : float
        The share of a period's rows whose outcomes must be known, once they are due, before they
        are taken as evidence: those that arrive first may be unlike the others.
    fall : float
        How far the AUC, the accuracy or R² may fall below that of the window the model was judged
        on.
    rise : float
        How far the log loss may rise above that of that window, in nats.
    saving : float
        How far the saving may fall below that of that window: the share of the cost of the best
        constant rule that the model's decisions save.
    persistence : pair of int
        ``(m, n)``: the model is trained again when its performance was degraded in at least m of
        the last n periods.
    """

    bins: Annotated[int, Field(ge=2, le=1000)] = 50
    false_discovery: Annotated[float, Field(gt=0, lt=1)] = 0.05
    min_rows: Annotated[int, Field(ge=1)] = 500
    min_labelled: Share = 0.5
    label_lag: Annotated[int, Field(ge=0)] | Duration = 0
    fall: Share = 0.02
    rise: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.02
    saving: Share = 0.1
    persistence: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]] = (2, 3)

    def __post_init__(self) -> None:
        needed, among = self.persistence
        if needed > among:
            raise ValueError(
                f"persistence: {needed} of the last {among} periods is impossible; the first"
                " number may not exceed the second"
            )


@dataclass(frozen=True, config=_STRICT)
class Problem:
    """A declared problem: the table, its target and windows, and the requirements on a model.

    Attributes
    ----------
    name : str
        Also the name of the registered model.
    source : str
        The name of a built-in source; a file, folder or pattern of files; a URI of artifacts, of
        an object store or of a database. A relative path starts at the problem file's folder.
    query : str
        The SQL query, if the source is a database.
    time : Time or None
        None if no column orders the rows; then `batches` is declared.
    batches : Batches or None
    columns : dict of str
        The formats of some columns, such as ``number 1.234,56``, ``category keep NA`` or
        ``date %d/%m/%Y``; see `longhaul.features.column_format`. The format of the others is
        inferred from their values.
    leave_out : tuple of str
        Columns that are neither features, target nor time.
    group : str
        A column; rows with the same value in it are kept in one window, so that a model is never
        tested on a group that it was trained on.
    weight : str
        A column with the weight of each row when a model is fitted.
    families : tuple of str
        Python files, each with a custom model family; a relative path starts at the problem
        file's folder.
    cluster : str
        What rows share their fate with, the unit that evidence is counted by: ``hour``, ``day``,
        ``week`` or ``month`` of the time column, ``row``, or the name of a column. By default the
        day, if there is a time column, else the group, if there is one, else the row.
    slices : tuple of str
        Columns that the performance is broken down by.
    key : str
        A column that names a row, so that its outcome can be told later; no feature.
    traffic : Traffic or None
    retention : Retention
    """

    name: Name
    source: str
    target: Target
    windows: Windows
    query: str = ""
    time: Time | None = None
    batches: Batches | None = None
    columns: dict[str, FormatText] = Field(default_factory=dict)
    leave_out: tuple[str, ...] = ()
    group: str = ""
    weight: str = ""
    families: tuple[str, ...] = ()
    cluster: str = ""
    slices: tuple[str, ...] = ()
    key: str = ""
    traffic: Traffic | None = None
    costs: Costs = Field(default_factory=Costs)
    contract: Contract = Field(default_factory=Contract)
    gate: Gate = Field(default_factory=Gate)
    rollout: Rollout = Field(default_factory=Rollout)
    monitoring: Monitoring = Field(default_factory=Monitoring)
    retention: Retention = Field(default_factory=Retention)

    def __post_init__(self) -> None:
        if (self.time is None) == (self.batches is None):
            raise ValueError(
                "declare either time (the column that orders the rows) or batches (if no column"
                " does)"
            )
        if self.cluster in TIME_CLUSTERS and self.time is None:
            raise ValueError(
                f"cluster: {self.cluster} needs a time column, but the problem declares none; name"
                " a column, or row"
            )
        if self.key and self.key in (self.target.column, self.time and self.time.column):
            raise ValueError(f"key: {self.key} is the target or the time column; name another")
        if self.traffic is not None and self.time is None:
            raise ValueError("traffic: its periods go by a time column; declare time")
        if self.traffic is not None and self.traffic.outcomes and not self.key:
            raise ValueError("traffic.outcomes: outcomes come by key; declare key, the column")

    @property
    def sampling_unit(self) -> str:
        """The declared cluster, or the default: the day, else the group, else the row."""
        return self.cluster or ("day" if self.time else self.group or ROW)

    @property
    def cluster_column(self) -> str:
        """The column that clusters are values of; empty where they are times or rows."""
        unit = self.sampling_unit
        return "" if unit in (*TIME_CLUSTERS, ROW) else unit

    @property
    def length(self) -> str:
        """The length of a period: day, week, month, quarter, year or batch."""
        return self.time.period if self.time else "batch"

    @property
    def excluded(self) -> tuple[str, ...]:
        """The columns that are no features."""
        names = (self.target.column, BATCH, self.group, self.weight, self.key, *self.leave_out)
        return tuple(name for name in names if name)

    @property
    def context(self) -> tuple[str, ...]:
        """The columns that say which row it is and what it is counted with, features or not."""
        names = (self.key, self.group, self.cluster_column, self.weight, *self.slices)
        return tuple(dict.fromkeys(name for name in names if name))

    def features(self, columns: Iterable[str]) -> list[str]:
        """Return the features among `columns`: all but the target and the excluded columns."""
        return [name for name in columns if name not in self.excluded]

    def require(self, columns: Iterable[str]) -> None:
        """Raise a `LonghaulError` that names the first declared column not among `columns`."""
        present = list(columns)
        declared = {
            "target.column": [self.target.column],
            "time.column": [self.time.column] if self.time else [],
            "leave_out": self.leave_out,
            "group": [self.group] if self.group else [],
            "weight": [self.weight] if self.weight else [],
            "columns": self.columns,
            "cluster": [self.cluster_column] if self.cluster_column else [],
            "slices": self.slices,
        }
        for key, names in declared.items():
            for name in names:
                if name not in present:
                    allowed = ", ".join(map(repr, present))
                    raise LonghaulError(
                        f"{key}: column {name!r} is not in the table; its columns are {allowed}"
                    )


def _is_zone(name: str) -> bool:
    """Return whether a text is UTC, an offset or the name of a time zone."""
    if name == "UTC" or re.fullmatch(r"[+-][01]\d:?[0-5]\d", name):
        return True
    try:
        return bool(ZoneInfo(name))
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return False
