"""Puts on record what was answered, before the answer leaves."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from longhaul.serving import event_log, prediction_log, wal_format
from longhaul.serving.http_errors import HttpError
from longhaul.serving.loaded_model import LoadedModel
from longhaul.serving.metrics import ServiceMetrics
from longhaul.serving.response import PredictionResponse
from longhaul.serving.wal import WriteAheadLog
from longhaul.serving.wal_format import WalHeader


class Recorder:
    """Writes the journal of one worker.

    Parameters
    ----------
    folder : Path
        Of the record.
    seconds : float
        How long a journal stays open.
    unrecorded : str
        ``refuse`` what cannot be recorded, or ``count`` it.
    metrics : Meters
    """

    def __init__(
        self, folder: Path, seconds: float, unrecorded: Literal["refuse", "count"], metrics: ServiceMetrics
    ):
        self.wal = WriteAheadLog(folder / prediction_log.WAL, seconds)
        self.on_log_failure, self.metrics = unrecorded, metrics
        self.trouble = ""  # why the last line could not be written
        self._heading: tuple[LoadedModel, bytes] | None = None

    def enter(self, model: LoadedModel, request: str, answer: PredictionResponse) -> bool:
        """Record the rows of a request.

        Returns
        -------
        bool
            False when they are not on record, and the service goes on all the same.

        Raises
        ------
        Refusal
            When they are not, and the request is refused.
        """
        features = [answer.table.get(name) for name in model.column_types]
        line = wal_format.request_line(request, time.time(), features, answer.columns.values())
        return self._append(self._head(served), line, answer.rows)

    def report(self, outcomes: Sequence[tuple[str, int, Any]]) -> None:
        """Record outcomes.

        Raises
        ------
        Refusal
            When they cannot be: there is nothing else to be done with them.
        """
        if not self._append(b"", wal_format.ground_truth_line(time.time(), outcomes), 0):
            raise _unwritable()

    def ready(self) -> bool:
        """Whether a request would be answered."""
        if self.on_log_failure == "count":
            return True
        try:
            self.wal.probe()
        except OSError as error:
            self._complain(error)
            return False
        return not self.trouble

    def _append(self, heading: bytes, line: bytes, rows: int) -> bool:
        try:
            self.wal.append(heading, line)
        except OSError as error:
            self._complain(error)
            if self.on_log_failure == "refuse":
                raise _unwritable() from None
            self.metrics.unrecorded.inc(rows)
            return False
        if self.trouble:
            self.trouble = ""
            event_log.info("record writable again")
        return True

    def _complain(self, error: OSError) -> None:
        if not self.trouble:
            event_log.warning("record not writable", reason=str(error))
        self.trouble = str(error)

    def _head(self, model: LoadedModel) -> bytes:
        """The heading of the model's lines, written once."""
        if self._heading is None or self._heading[0] is not served:
            one, problem = model.model_uri, model.problem
            kind = problem.target.task_type
            heading = WalHeader(one.name, one.version, one.key, model.column_types, problem.time, kind)
            self._heading = served, heading.line()
        return self._heading[1]


def _unwritable() -> HttpError:
    message = "the prediction record cannot be written, so nothing is predicted; try again later"
    return HttpError(503, "RECORD_UNWRITABLE", message, [(b"retry-after", b"10")])
