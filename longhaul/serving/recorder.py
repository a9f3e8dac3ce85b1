"""Recorder: writes predictions to the write-ahead log before the answer leaves."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from longhaul.model.predictions import predicted
from longhaul.serving import event_log, prediction_log, wal_format
from longhaul.serving.http_errors import HttpError
from longhaul.serving.loaded_model import LoadedModel
from longhaul.serving.metrics import ServiceMetrics
from longhaul.serving.response import PredictionResponse
from longhaul.serving.wal import WriteAheadLog
from longhaul.serving.wal_format import WalHeader


class Recorder:
    """Writer of one worker's write-ahead log.

    Parameters
    ----------
    folder : Path
        Of the prediction log.
    seconds : float
        How long a write-ahead log stays open.
    on_log_failure : str
        What to do with a request that cannot be recorded: ``refuse``, or answer and ``count`` it.
    metrics : ServiceMetrics
    """

    def __init__(
        self,
        folder: Path,
        seconds: float,
        on_log_failure: Literal["refuse", "count"],
        metrics: ServiceMetrics,
    ):
        self.wal = WriteAheadLog(folder / prediction_log.WAL, seconds)
        self.on_log_failure, self.metrics = on_log_failure, metrics
        self.error = ""  # the reason while lines cannot be written, else empty
        self._header: tuple[LoadedModel, bytes] | None = None

    def record_predictions(
        self, model: LoadedModel, request_id: str, response: PredictionResponse
    ) -> bool:
        """Record the rows of a request.

        Returns
        -------
        bool
            False when they cannot be recorded and the request is answered all the same.

        Raises
        ------
        HttpError
            When they cannot be recorded and the request is refused.
        """
        features = [response.table.get(name) for name in model.request_types]
        predictions = response.columns.values()
        line = wal_format.request_line(request_id, time.time(), features, predictions)
        return self._append(self._header_line(model), line, response.rows)

    def record_ground_truth(self, outcomes: Sequence[tuple[str, int, Any]]) -> None:
        """Record ground truth: request, row and outcome.

        Raises
        ------
        HttpError
            When it cannot be recorded, whatever `on_log_failure` is.
        """
        if not self._append(b"", wal_format.ground_truth_line(time.time(), outcomes), 0):
            raise _unwritable()

    def is_ready(self) -> bool:
        """Return whether a request would be answered."""
        if self.on_log_failure == "count":
            return True
        try:
            self.wal.probe()
        except OSError as error:
            self._note_error(error)
            return False
        return not self.error

    def _append(self, header: bytes, line: bytes, rows: int) -> bool:
        try:
            self.wal.append(header, line)
        except OSError as error:
            self._note_error(error)
            if self.on_log_failure == "refuse":
                raise _unwritable() from None
            self.metrics.unrecorded_rows.inc(rows)
            return False
        if self.error:
            self.error = ""
            event_log.info("prediction log writable again")
        return True

    def _note_error(self, error: OSError) -> None:
        if not self.error:
            event_log.warning("prediction log not writable", reason=str(error))
        self.error = str(error)

    def _header_line(self, model: LoadedModel) -> bytes:
        """Return the header of the model's lines, formatted once."""
        if self._header is None or self._header[0] is not model:
            model_uri, problem = model.model_uri, model.problem
            columns = [name for name in predicted(problem.target.task_type) if name != "outcome"]
            header = WalHeader(
                model_uri.name,
                model_uri.version,
                model_uri.key,
                model.request_types,
                problem.time,
                problem.target.task_type,
                tuple(columns),
            )
            self._header = model, header.to_line()
        return self._header[1]


def _unwritable() -> HttpError:
    message = "the prediction log cannot be written, so nothing is predicted; try again later"
    return HttpError(503, "RECORD_UNWRITABLE", message, [(b"retry-after", b"10")])
