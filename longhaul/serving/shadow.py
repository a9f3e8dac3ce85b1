"""Another version predicts the same rows, where nobody waits for it."""

import queue
import threading
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from longhaul.registry.model_uri import resolve_model
from longhaul.serving import event_log, loaded_model, prediction_log
from longhaul.serving.loaded_model import LoadedModel
from longhaul.serving.metrics import ServiceMetrics

MAX_PENDING_FILES = 1000  # files that may wait for a slow version


class Shadow:
    """Predicts what the model in service has predicted, from the record, in a thread of its own.

    It reads the files of the record and writes others beside them: however slow or wrong it is,
    no answer and no line of the record depends on it.

    Parameters
    ----------
    uri : str
        Such as ``models:/flights@challenger``.
    folder : Path
        Of the record.
    cache_dir : Path
        Where copies of models stay.
    metrics : Meters
    """

    def __init__(self, uri: str, folder: Path, cache_dir: Path, metrics: ServiceMetrics):
        self.uri, self.folder, self.cache_dir, self.metrics = uri, folder, cache_dir, metrics
        self._files: queue.Queue[Path | None] = queue.Queue(MAX_PENDING_FILES)
        self._served: LoadedModel | None = None
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def add(self, file: Path) -> None:
        """Predict the rows of a file of the record, when there is time."""
        try:
            self._files.put_nowait(file)
        except queue.Full:
            self._fail(file, "too many files wait")

    def close(self, seconds: float) -> None:
        """Finish what waits, if that takes no longer than some seconds."""
        try:
            self._files.put(None, timeout=seconds)
        except queue.Full:
            return
        self._thread.join(seconds)

    def _work(self) -> None:
        while (file := self._files.get()) is not None:
            try:
                self._predict(file)
            except Exception as error:  # whatever is wrong with it, the next file may be better
                self._fail(file, str(error).splitlines()[0] if str(error) else repr(error))

    def _predict(self, file: Path) -> None:
        model_uri = resolve_model(self.uri)
        if file.parent.parent.name == model_uri.key:
            return  # it is in service itself
        if self._served is None or self._served.model_uri != model_uri:
            self._served = loaded_model.load(model_uri, self.cache_dir)
        table = _repredict(pq.read_table(file), self._served)
        day, name = file.parent.name, file.name
        prediction_log.write(self.folder / prediction_log.SHADOW / model_uri.key / day / name, table)
        self.metrics.shadowed.labels(model_uri.version).inc(table.num_rows)

    def _fail(self, file: Path, reason: str) -> None:
        self.metrics.shadow_failures.inc()
        event_log.warning("shadow failed", model=self.uri, file=str(file), reason=reason)


def _repredict(table: pa.Table, by: LoadedModel) -> pa.Table:
    """The same rows, as predicted by another model."""
    frame = pa.table(dict(zip(*_features(table), strict=True))).to_pandas()
    columns: dict[str, Any] = {
        "model": [by.model_uri.name] * len(frame),
        "version": [by.model_uri.version] * len(frame),
        **by.predictor.columns(by.predictor.scores(frame)),
    }
    for name, values in columns.items():
        place = table.schema.get_field_index(name)
        field = table.schema.field(place)
        table = table.set_column(place, field, pa.array(values, field.type))
    return table


def _features(table: pa.Table) -> tuple[list[str], list[Any]]:
    """The names and columns of the features on record."""
    features = table.column("features").combine_chunks()
    return [field.name for field in features.type], features.flatten()
