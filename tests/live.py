"""Live traffic for tests: rows that a loaded model answers, logged as the service logs them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd

from longhaul.model import payload
from longhaul.registry import corrections
from longhaul.registry.model_uri import resolve_model
from longhaul.serving import compaction, loaded_model, metrics
from longhaul.serving.loaded_model import LoadedModel
from longhaul.serving.metrics import ServiceMetrics
from longhaul.serving.recorder import Recorder

KEYED = "key: customer"  # in the place of what leaves the column out
REQUEST_ROWS = 40


class Service:
    """A worker without HTTP: what it answers and is told is on record, and compacted at the end.

    Parameters
    ----------
    folder : Path
        Has the prediction log, ``record``.
    """

    def __init__(self, folder: Path):
        self.folder, self.log = folder, folder / "record"
        if not (folder / "metrics").exists():
            metrics.share_folder(folder / "metrics")
        self.recorder = Recorder(self.log, 1000, "refuse", ServiceMetrics())
        self.answered = 0

    def answer(self, uri: str, frame: pd.DataFrame, key: str = "customer") -> list[str]:
        """Answer rows in order, some in each request; return the ids of the requests."""
        model = self.load(uri, key)
        ids = []
        for start in range(0, len(frame), REQUEST_ROWS):
            rows = model.parse(payload.dumps(frame[start : start + REQUEST_ROWS]).encode())
            assert rows is not None
            self.answered += 1
            ids.append(f"request-{self.answered:06d}")
            assert self.recorder.record_predictions(model, ids[-1], model.predict(rows))
        return ids

    def load(self, uri: str, key: str) -> LoadedModel:
        """Load a version with its correction, whose rows have a key."""
        model_uri = resolve_model(uri)
        model = loaded_model.load(model_uri, self.folder / "cache")
        problem = replace(model.problem, key=key, leave_out=())
        return replace(model, problem=problem, correction=corrections.find(model_uri))

    def tell(self, ids: Sequence[str], outcomes: Sequence[Any]) -> None:
        """Report the outcomes of rows that were answered in order; None is not reported."""
        named = [
            (ids[place // REQUEST_ROWS], place % REQUEST_ROWS, outcome)
            for place, outcome in enumerate(outcomes)
            if outcome is not None
        ]
        if named:
            self.recorder.record_ground_truth(named)

    def compact(self) -> Path:
        """Close the write-ahead log and compact it; return the folder of the prediction log."""
        self.recorder.close()
        list(compaction.compact(self.log))
        return self.log


def sent(table: str, period: str) -> pd.DataFrame:
    """The rows of a period as a client sends them: without their outcomes."""
    return pd.read_parquet(Path(table) / f"{period}.parquet").drop(columns="churned")


def outcomes(table: str, period: str) -> list[bool]:
    """Whether the rows of a period turned out positive."""
    frame = pd.read_parquet(Path(table) / f"{period}.parquet")
    return (frame["churned"] == "yes").tolist()


def newest(name: str) -> Any:
    """The newest run of a step."""
    runs = mlflow.search_runs(
        filter_string=f"attributes.run_name LIKE '{name}%'",
        order_by=["attributes.start_time DESC"],
        output_format="list",
    )
    return runs[0]
