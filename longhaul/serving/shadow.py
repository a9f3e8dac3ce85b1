"""Shadow: another version predicts the same rows, without answering requests."""

import queue
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from longhaul import process
from longhaul.model import predictions
from longhaul.registry import corrections
from longhaul.registry.model_uri import resolve_model
from longhaul.serving import event_log, loaded_model
from longhaul.serving.loaded_model import LoadedModel
from longhaul.serving.metrics import ServiceMetrics
from longhaul.traffic import prediction_log
from longhaul.traffic.shadow_rows import SECONDS

MAX_PENDING_FILES = 1000  # files that may wait for a slow version


class Shadow:
    """Second model that predicts rows from the prediction log, in a thread of its own.

    It reads files of the prediction log and writes others beside them: no answer and no prediction
    of the live model depends on it, however slow or wrong it is.

    Parameters
    ----------
    uri : str
        Such as ``models:/flights@challenger``.
    folder : Path
        Of the prediction log.
    cache_dir : Path
        Where downloaded models stay.
    metrics : ServiceMetrics
    """

    def __init__(self, uri: str, folder: Path, cache_dir: Path, metrics: ServiceMetrics):
        self.uri, self.folder, self.cache_dir, self.metrics = uri, folder, cache_dir, metrics
        self._files: queue.Queue[Path | None] = queue.Queue(MAX_PENDING_FILES)
        self._model: LoadedModel | None = None
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def add(self, file: Path) -> None:
        """Queue a file of the prediction log."""
        try:
            self._files.put_nowait(file)
        except queue.Full:
            self._fail(
                file, f"more than {MAX_PENDING_FILES} files are waiting: the shadow is too slow"
            )

    def close(self, seconds: float) -> None:
        """Predict the files that are waiting, for at most so many seconds."""
        try:
            self._files.put(None, timeout=seconds)
        except queue.Full:
            return
        self._thread.join(seconds)

    def _work(self) -> None:
        process.stand_back()
        while (file := self._files.get()) is not None:
            try:
                self._predict(file)
            except Exception as error:  # the next file may be predictable
                self._fail(file, str(error).splitlines()[0] if str(error) else repr(error))

    def _predict(self, file: Path) -> None:
        model_uri = resolve_model(self.uri)
        if file.parent.parent.name == model_uri.key:
            return  # the live model is this version
        if self._model is None or self._model.model_uri != model_uri:
            self._model = loaded_model.load(model_uri, self.cache_dir)
        self._model = replace(self._model, correction=corrections.find(model_uri))
        began = time.perf_counter()
        table = _repredict(pq.read_table(file), self._model)
        took = {SECONDS: repr(time.perf_counter() - began).encode()}
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), **took})
        day, name = file.parent.name, file.name
        prediction_log.write(
            self.folder / prediction_log.SHADOW / model_uri.key / day / name, table
        )
        self.metrics.shadow_rows.labels(model_uri.version).inc(table.num_rows)

    def _fail(self, file: Path, reason: str) -> None:
        self.metrics.shadow_failures.inc()
        event_log.warning("shadow failed", model=self.uri, file=str(file), reason=reason)


def _repredict(table: pa.Table, model: LoadedModel) -> pa.Table:
    """Replace the predictions in a table by another model's."""
    frame = pa.table(dict(zip(*_features(table), strict=True))).to_pandas()
    columns: dict[str, Any] = {
        "model": [model.model_uri.name] * len(frame),
        "version": [model.model_uri.version] * len(frame),
        **model.correct(model.predictor.scores(frame), predictions.times_of(frame, model.problem)),
    }
    for name, values in columns.items():
        index = table.schema.get_field_index(name)
        field = table.schema.field(index)
        table = table.set_column(index, field, pa.array(values, field.type))
    return table


def _features(table: pa.Table) -> tuple[list[str], list[Any]]:
    """Return the names and columns of the features in a table."""
    features = table.column("features").combine_chunks()
    return [field.name for field in features.type], features.flatten()
