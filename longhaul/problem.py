"""The declared problem: one small YAML file, read into a frozen, validated dataclass."""

from collections.abc import Iterable
from dataclasses import asdict, is_dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import pydantic
import yaml
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from longhaul.errors import LonghaulError
from longhaul.tasks.kind import TaskType

_STRICT = ConfigDict(extra="forbid", str_strip_whitespace=True)

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Cost = Annotated[float, Field(gt=0, allow_inf_nan=False)]
PeriodLabel = Annotated[str, Field(min_length=1)]
Window = tuple[PeriodLabel, PeriodLabel]
OpenWindow = Annotated[tuple[PeriodLabel, ...], Field(min_length=1, max_length=2)]
ColumnFormat = Annotated[str, Field(pattern=r"^(number|category|date( \S.*)?)$")]

Length = Literal["day", "week", "month", "quarter", "year"]

BATCH = "longhaul.batch"  # the column that says which batch a row came in, where none says when


@dataclass(frozen=True, config=_STRICT)
class Target:
    """The column to predict.

    Attributes
    ----------
    column : str
    kind : {"binary", "multiclass", "regression"}
    positive : str
        Of two classes, the one that counts as positive, as text.
    classes : tuple of str
        Of several classes, all, as text; those found where none are declared.
    """

    column: str
    kind: TaskType = "binary"
    positive: str = "true"
    classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.classes and self.kind != "multiclass":
            raise ValueError(f"classes are for kind multiclass, not {self.kind}")
        if len(set(self.classes)) < len(self.classes):
            raise ValueError("classes: one is named twice")


@dataclass(frozen=True, config=_STRICT)
class Time:
    """The column that orders the rows, and the length of one period."""

    column: str
    period: Length = "month"


@dataclass(frozen=True, config=_STRICT)
class Batches:
    """Periods of a table without times: parts of the source, and then file after file.

    Attributes
    ----------
    parts : int
        Into how many batches the source is cut, each row by a hash of its group or of itself.
    later : str
        The files that arrive later, as a pattern such as ``arrivals/*.csv``; in order of their
        names, each is one batch more.
    """

    parts: Annotated[int, Field(ge=3, le=1000)] = 20
    later: str = ""


@dataclass(frozen=True, config=_STRICT)
class Windows:
    """First and last period, both included, of each use of the data, in order of time.

    Production may go on without an end: then only its first period is given.
    """

    train: Window
    valid: Window
    test: Window
    production: OpenWindow

    def __post_init__(self) -> None:
        named = {name: tuple(window) for name, window in asdict(self).items()}
        for name, window in named.items():
            if window[0] > window[-1]:
                raise ValueError(f"{name} ends ({window[-1]}) before it starts ({window[0]})")
        for one, next_one in pairwise(named.values()):
            if next_one[0] <= one[-1]:
                raise ValueError(
                    f"a window starts at {next_one[0]}, not after the one before ({one[-1]})"
                )

    def produces(self, period: str) -> bool:
        """Whether a period belongs to production."""
        first, *last = self.production
        return first <= period and (not last or period <= last[0])


@dataclass(frozen=True, config=_STRICT)
class Costs:
    """What each of the two errors costs, in any one unit."""

    false_positive: Cost = 1.0
    false_negative: Cost = 1.0


@dataclass(frozen=True, config=_STRICT)
class Contract:
    """How far later data may leave what the training window showed.

    Attributes
    ----------
    margin : float
        How far a number may lie outside the learned range, as a share of that range's width.
    missing : float
        How far a column's share of missing values may rise above the highest one learned.
    unseen : float
        How far the share of a period's rows with a category never seen may rise above the highest
        one learned.
    quarantine : float
        The highest share of a period's rows that may be set aside before the stage fails.
    """

    margin: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.5
    missing: Share = 0.1
    unseen: Share = 0.1
    quarantine: Share = 0.01


@dataclass(frozen=True, config=_STRICT)
class Gate:
    """What a candidate must reach on the test window before it may be registered.

    Attributes
    ----------
    min_rows : int
        Fewer test rows than this are no evidence.
    min_auc, min_accuracy, min_r2 : float
        The lowest area under the ROC curve for two classes, the lowest accuracy for several, and
        the lowest coefficient of determination for numbers.
    max_calibration_error : float
        The highest expected calibration error of classes.
    margin : float
        By how much the candidate's loss must beat the champion's, with the declared confidence,
        in a paired bootstrap on the same rows: log loss, or squared error.
    confidence : float
        Of every interval and of the comparison.
    """

    min_rows: Annotated[int, Field(ge=1)] = 1000
    min_auc: Share = 0.5
    min_accuracy: Share = 0.0
    min_r2: Annotated[float, Field(le=1, allow_inf_nan=False)] = 0.0
    max_calibration_error: Share = 0.1
    margin: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95


@dataclass(frozen=True, config=_STRICT)
class Monitoring:
    """How a deployed model is watched; see docs/monitoring.md.

    Attributes
    ----------
    bins : int
        Quantile bins of each number and of the scores.
    false_discovery : float
        The share of columns said to have drifted that may have done no such thing.
    min_rows : int
        Fewer rows of a period than this are no evidence.
    label_lag : int
        Periods until the outcomes of a period are known.
    fall : float
        How far the AUC, the accuracy or R² may fall below that of the window the model was judged
        on.
    persistence : pair of int
        In how many (first) of the last so many (second) periods the performance must have fallen
        before the model is trained again.
    """

    bins: Annotated[int, Field(ge=2, le=1000)] = 50
    false_discovery: Annotated[float, Field(gt=0, lt=1)] = 0.05
    min_rows: Annotated[int, Field(ge=1)] = 500
    label_lag: Annotated[int, Field(ge=0)] = 0
    fall: Share = 0.02
    persistence: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]] = (2, 3)

    def __post_init__(self) -> None:
        needed, among = self.persistence
        if needed > among:
            raise ValueError(f"persistence: {needed} of the last {among} periods cannot be")


@dataclass(frozen=True, config=_STRICT)
class Problem:
    """A table, what to predict from it, and what good enough means.

    Attributes
    ----------
    name : str
        Also the name of the registered model.
    source : str
        The name of a source that Longhaul knows; a file, folder or pattern of files; a URI of
        artifacts, of an object store or of a database. A relative path starts at the problem
        file's folder.
    query : str
        What to ask a database.
    time : Time or None
        None where nothing orders the rows; then there are batches.
    batches : Batches or None
    columns : dict of str
        How some columns are read: ``number``, ``category``, ``date``, or ``date`` and the format
        that `datetime.strptime` knows. The others are read by what they hold.
    leave_out : tuple of str
        Columns that are neither features, target nor time.
    group : str
        Rows with the same value here stay together: no window learns what another is judged on.
    weight : str
        How much a row counts when a model is fitted.
    families : tuple of str
        Python files, each with a model family of the user's own; a relative path starts at the
        problem file's folder.
    slices : tuple of str
        Columns by whose values performance is broken down.
    """

    name: Name
    source: str
    target: Target
    windows: Windows
    query: str = ""
    time: Time | None = None
    batches: Batches | None = None
    columns: dict[str, ColumnFormat] = Field(default_factory=dict)
    leave_out: tuple[str, ...] = ()
    group: str = ""
    weight: str = ""
    families: tuple[str, ...] = ()
    slices: tuple[str, ...] = ()
    costs: Costs = Field(default_factory=Costs)
    contract: Contract = Field(default_factory=Contract)
    gate: Gate = Field(default_factory=Gate)
    monitoring: Monitoring = Field(default_factory=Monitoring)

    def __post_init__(self) -> None:
        if (self.time is None) == (self.batches is None):
            raise ValueError(
                "declare either time, the column that orders the rows, or batches, where none does"
            )

    @property
    def length(self) -> str:
        """What a period is: a day, week, month, quarter, year or batch."""
        return self.time.period if self.time else "batch"

    @property
    def aside(self) -> tuple[str, ...]:
        """The columns that are no features."""
        named = (self.target.column, BATCH, self.group, self.weight, *self.leave_out)
        return tuple(name for name in named if name)

    def features(self, columns: Iterable[str]) -> list[str]:
        """Those of `columns` that a model may use: all but the target and what is left out."""
        return [name for name in columns if name not in self.aside]

    def require(self, columns: Iterable[str]) -> None:
        """Raise a `LonghaulError` that names the first declared column not among `columns`."""
        found = list(columns)
        declared = {
            "target.column": [self.target.column],
            "time.column": [self.time.column] if self.time else [],
            "leave_out": self.leave_out,
            "group": [self.group] if self.group else [],
            "weight": [self.weight] if self.weight else [],
            "columns": self.columns,
            "slices": self.slices,
        }
        for key, names in declared.items():
            for name in names:
                if name not in found:
                    allowed = ", ".join(map(repr, found))
                    raise LonghaulError(
                        f"{key}: column {name!r} is not in the table; its columns are {allowed}"
                    )


def load(path: Path) -> Problem:
    """Read and check a problem file.

    Raises
    ------
    LonghaulError
        In one line, with the key, what was found and what is allowed.
    """
    try:
        declared = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    except FileNotFoundError:
        raise LonghaulError(f"{path}: no such problem file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise LonghaulError(f"{path}: cannot be read as a problem file: {error}") from None
    except yaml.YAMLError as error:
        where = str(error).replace("\n", " ")
        raise LonghaulError(f"{path}: not YAML: {where}") from None
    return parse(declared, str(path))


def parse(declared: Any, origin: str) -> Problem:
    """Check a declaration whose leaves may be text, as `yaml.BaseLoader` reads them."""
    if not isinstance(declared, dict):
        raise LonghaulError(f"{origin}: expected keys and values such as 'name: churn'")
    try:
        return pydantic.TypeAdapter(Problem).validate_python(declared)
    except pydantic.ValidationError as error:
        raise LonghaulError(f"{origin}: {_first(error)}") from None


def dump(problem: Problem) -> str:
    """The whole problem as YAML, every default written out, that `load` reads back."""
    plain = pydantic.TypeAdapter(Problem).dump_python(problem, mode="json", exclude_none=True)
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)


def _first(error: pydantic.ValidationError) -> str:
    """The first complaint of pydantic, in one line: key, what is allowed, what was found."""
    complaint = error.errors()[0]
    key = ".".join(str(part) for part in complaint["loc"]) or "the problem"
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    if complaint["type"] == "unexpected_keyword_argument":
        return f"{key}: unknown key; allowed here are {_allowed(complaint['loc'])}{more}"
    if complaint["type"] in {"missing", "missing_argument"}:
        return f"{key}: missing{more}"
    text = complaint["msg"].removeprefix("Value error, ")
    return f"{key}: {text[0].lower()}{text[1:]}; found {complaint['input']!r}{more}"


def _allowed(location: tuple[int | str, ...]) -> str:
    """The keys that may stand where an unknown one was found."""
    kind: Any = Problem
    for part in location[:-1]:
        declared = kind.__dataclass_fields__[part].type
        kind = next((one for one in get_args(declared) if is_dataclass(one)), declared)
    return ", ".join(kind.__dataclass_fields__)
