"""Format of a write-ahead log's lines: a header, then the requests that one version has answered.

Lines with ground truth, and with losses, may stand anywhere. Another version's header precedes its
requests.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from longhaul.monitoring.evidence import ServiceLosses
from longhaul.problem import Time
from longhaul.task_type import TaskType

_SURROGATE = re.compile("[\ud800-\udfff]")
_MAX_INTEGER = 2**63


@dataclass(frozen=True)
class WalHeader:
    """Model, version and columns that a version's requests in a write-ahead log share.

    Attributes
    ----------
    model, version : str
    key : str
        Both, as the name of a folder.
    column_types : dict of str
        Type of each feature, and of the time, in the order of the requests' columns.
    time : Time or None
        The column that says which period a row belongs to, if it was sent.
    task_type : str
        See `longhaul.tasks`.
    columns : tuple of str
        Of the predictions, in order. Logs written before there were corrections do not name them:
        they are those of the task's `schema`.
    """

    model: str
    version: str
    key: str
    column_types: Mapping[str, str]
    time: Time | None
    task_type: TaskType = "binary"
    columns: tuple[str, ...] = ()

    def to_line(self) -> bytes:
        """Format the header as a line."""
        time = self.time and {"column": self.time.column, "period": self.time.period}
        fields = {
            "model": self.model,
            "version": self.version,
            "key": self.key,
            "kinds": list(self.column_types.items()),
            "time": time,
            "kind": self.task_type,
            "columns": self.columns,
        }
        return orjson.dumps({"heading": fields}) + b"\n"

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> "WalHeader":
        """Build a header from the fields of its line."""
        time = fields["time"] and Time(**fields["time"])
        return cls(
            fields["model"],
            fields["version"],
            fields["key"],
            dict(fields["kinds"]),
            time,
            fields.get("kind", "binary"),
            tuple(fields.get("columns", ())),
        )


def request_line(
    request_id: str,
    at: float,
    features: Sequence[Sequence[Any] | None],
    predictions: Iterable[list[Any]],
) -> bytes:
    """Format the rows of one request as a line.

    Parameters
    ----------
    request_id : str
    at : float
        When it was answered, in seconds since 1970.
    features : sequence of sequences of length n
        As they were sent, in the order of the header; None for one that was not.
    predictions : iterable of lists of length n
        Those that the header names.
    """
    document = [request_id, at, features, *predictions]
    try:
        return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # a lone surrogate, or an integer beyond 64 bits
        document[2] = [column and [_storable(value) for value in column] for column in features]
        return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)


def ground_truth_line(at: float, outcomes: Sequence[tuple[str, int, Any]]) -> bytes:
    """Format ground truth as a line: request, row and outcome."""
    return orjson.dumps({"at": at, "outcomes": outcomes}, option=orjson.OPT_APPEND_NEWLINE)


def losses_line(at: float, losses: ServiceLosses) -> bytes:
    """Format what could not be read, or not recorded, as a line."""
    counts = [losses.refused, losses.unread, losses.unrecorded]
    return orjson.dumps({"at": at, "losses": counts}, option=orjson.OPT_APPEND_NEWLINE)


def parse_line(line: bytes) -> Any:
    """Parse a line; None where it is not JSON."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None


def _storable(value: Any) -> Any:
    """Convert a value to JSON in UTF-8, so that the encoder reads it as the same."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int) and abs(value) < _MAX_INTEGER:
        return value
    return _SURROGATE.sub("\ufffd", str(value))
