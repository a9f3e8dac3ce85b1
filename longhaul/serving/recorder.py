"""Recorder: writes predictions to the write-ahead log before the answer leaves."""

import contextlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from longhaul.model.predictions import predicted
from longhaul.monitoring.evidence import ServiceLosses
from longhaul.serving import event_log, wal_format
from longhaul.serving.http_errors import HttpError
from longhaul.serving.loaded_model import LoadedModel
from longhaul.serving.metrics import ServiceMetrics
from longhaul.serving.response import PredictionResponse
from longhaul.serving.wal import WriteAheadLog
from longhaul.serving.wal_format import WalHeader
from longhaul.traffic import prediction_log

_LOGGED = {"any": "category"}  # what is no feature is logged as text


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
        self._headers: dict[str, tuple[LoadedModel, bytes]] = {}  # by model: champion and canary
        self._losses = ServiceLosses()

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

    def count_losses(self, losses: ServiceLosses) -> None:
        """Count what could not be read or recorded; `tick` writes it."""
        self._losses = self._losses + losses

    def tick(self) -> None:
        """Write what was lost since the last tick, and close a file that is old enough."""
        losses = self._losses
        if losses.total:
            with contextlib.suppress(OSError):  # then the next tick has more to write
                self.wal.append(b"", wal_format.losses_line(time.time(), losses))
                self._losses = ServiceLosses()
        self.wal.tick()

    def close(self) -> None:
        """Write what was lost, and close the file."""
        self.tick()
        self.wal.close()

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
            self.count_losses(ServiceLosses(unrecorded=rows))
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
        key = model.model_uri.key
        if key not in self._headers or self._headers[key][0] is not model:
            model_uri, problem = model.model_uri, model.problem
            columns = [name for name in predicted(problem.target.task_type) if name != "outcome"]
            header = WalHeader(
                model_uri.name,
                model_uri.version,
                key,
                {name: _LOGGED.get(kind, kind) for name, kind in model.request_types.items()},
                problem.time,
                problem.target.task_type,
                tuple(columns),
            )
            self._headers[key] = model, header.to_line()
        return self._headers[key][1]


def _unwritable() -> HttpError:
    message = "the prediction log cannot be written, so nothing is predicted; try again later"
    return HttpError(503, "RECORD_UNWRITABLE", message, [(b"retry-after", b"10")])
