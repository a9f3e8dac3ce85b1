"""The declared problem: one small YAML file, read into a frozen, validated dataclass."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
import yaml
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from longhaul.errors import LonghaulError

_STRICT = ConfigDict(extra="forbid", str_strip_whitespace=True)

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Cost = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Window = tuple[str, str]


@dataclass(frozen=True, config=_STRICT)
class Target:
    """The column to predict, and the value of it (as text) that counts as positive."""

    column: str
    positive: str = "true"


@dataclass(frozen=True, config=_STRICT)
class Time:
    """The column that orders the rows, and the length of one period."""

    column: str
    period: Literal["day", "week", "month", "quarter", "year"] = "month"


@dataclass(frozen=True, config=_STRICT)
class Windows:
    """First and last period, both included, of each use of the data, in order of time."""

    train: Window
    valid: Window
    test: Window
    production: Window

    def __post_init__(self) -> None:
        bounds = [bound for window in (self.train, self.valid, self.test) for bound in window]
        bounds += list(self.production)
        starts, ends = bounds[::2], bounds[1::2]
        for name, (start, end) in asdict(self).items():
            if start > end:
                raise ValueError(f"{name} ends ({end}) before it starts ({start})")
        for end, start in zip(ends, starts[1:], strict=False):
            if start <= end:
                raise ValueError(f"a window starts at {start}, not after the one before ({end})")


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
        The highest share of rows of a period with a category that was never seen.
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
    min_auc : float
        The lowest area under the ROC curve.
    max_calibration_error : float
        The highest expected calibration error.
    margin : float
        By how much the candidate's log loss must beat the champion's, with the declared
        confidence, in a paired bootstrap on the same rows.
    confidence : float
        Of every interval and of the comparison.
    """

    min_rows: Annotated[int, Field(ge=1)] = 1000
    min_auc: Share = 0.5
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
    auc_fall : float
        How far the AUC may fall below that of the window the model was judged on.
    persistence : pair of int
        In how many (first) of the last so many (second) periods the performance must have fallen
        before the model is trained again.
    """

    bins: Annotated[int, Field(ge=2, le=1000)] = 50
    false_discovery: Annotated[float, Field(gt=0, lt=1)] = 0.05
    min_rows: Annotated[int, Field(ge=1)] = 500
    label_lag: Annotated[int, Field(ge=0)] = 0
    auc_fall: Share = 0.02
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
        The name of a source that Longhaul knows, or a Parquet or CSV file or folder; a relative
        path starts at the problem file's folder.
    leave_out : tuple of str
        Columns that are neither features, target nor time.
    slices : tuple of str
        Columns by whose values performance is broken down.
    """

    name: Name
    source: str
    target: Target
    time: Time
    windows: Windows
    leave_out: tuple[str, ...] = ()
    slices: tuple[str, ...] = ()
    costs: Costs = Field(default_factory=Costs)
    contract: Contract = Field(default_factory=Contract)
    gate: Gate = Field(default_factory=Gate)
    monitoring: Monitoring = Field(default_factory=Monitoring)

    def features(self, columns: Iterable[str]) -> list[str]:
        """Those of `columns` that a model may use: all but the target and what is left out."""
        return [name for name in columns if name not in {self.target.column, *self.leave_out}]

    def require(self, columns: Iterable[str]) -> None:
        """Raise a `LonghaulError` that names the first declared column not among `columns`."""
        found = list(columns)
        declared = {
            "target.column": [self.target.column],
            "time.column": [self.time.column],
            "leave_out": self.leave_out,
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
    plain = pydantic.TypeAdapter(Problem).dump_python(problem, mode="json")
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
        kind = kind.__dataclass_fields__[part].type
    return ", ".join(kind.__dataclass_fields__)
