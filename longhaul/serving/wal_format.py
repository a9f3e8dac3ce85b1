"""What a journal's lines say: a heading, then the requests that one version has answered."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from longhaul.problem import TaskType, Time

_HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")
_WIDEST = 2**63


@dataclass(frozen=True)
class WalHeader:
    """What is the same for all rows that a version predicts.

    Attributes
    ----------
    model, version : str
    key : str
        Both, as the name of a folder.
    kinds : dict of str
        Each feature, and its kind.
    time : Time or None
        The column that says which period a row belongs to, if it was sent.
    kind : str
        What is predicted: see `longhaul.tasks`.
    """

    model: str
    version: str
    key: str
    kinds: Mapping[str, str]
    time: Time | None
    kind: TaskType = "binary"

    def line(self) -> bytes:
        """As a line of a journal."""
        time = self.time and {"column": self.time.column, "period": self.time.period}
        plain = {**vars(self), "kinds": list(self.column_types.items()), "time": time}
        return orjson.dumps({"heading": plain}) + b"\n"

    @classmethod
    def read(cls, plain: dict[str, Any]) -> "WalHeader":
        """Read what `line` wrote."""
        time = plain["time"] and Time(**plain["time"])
        return cls(**{**plain, "kinds": dict(plain["kinds"]), "time": time})


def request_line(
    name: str,
    at: float,
    features: Sequence[Sequence[Any] | None],
    predictions: Iterable[list[Any]],
) -> bytes:
    """The rows of one request as a line.

    Parameters
    ----------
    name : str
        The request's id.
    at : float
        When it was answered, in seconds since 1970.
    features : sequence of sequences of length n
        As they were sent, in the order of the heading; None for one that was not.
    predictions : iterable of lists of length n
        The columns that say what was predicted.
    """
    document = [name, at, features, *predictions]
    try:
        return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # half a character, or an integer beyond 64 bits
        document[2] = [column and [_storable(value) for value in column] for column in features]
        return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)


def ground_truth_line(at: float, reported: Sequence[tuple[str, int, Any]]) -> bytes:
    """Outcomes as a line: of which request and row, and what became of it."""
    return orjson.dumps({"at": at, "outcomes": reported}, option=orjson.OPT_APPEND_NEWLINE)


def parse_line(text: bytes) -> Any:
    """What a line says; None where it cannot be read."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _storable(value: Any) -> Any:
    """A value that JSON in UTF-8 can hold, and that the encoder reads as the same."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int) and abs(value) < _WIDEST:
        return value
    return _HALF_A_CHARACTER.sub("\ufffd", str(value))
