"""Loaded model: the parts of a logged model that answer requests, loaded and checked."""

import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from mlflow.models import Model

from longhaul import problem as problems
from longhaul.errors import LonghaulError
from longhaul.model import package, payload
from longhaul.model.predictor import Predictor
from longhaul.problem import Problem
from longhaul.registry.model_uri import ModelUri
from longhaul.serving.parsing import RowParser, Rows
from longhaul.serving.response import PredictionResponse, build_response
from longhaul.tracking import artifacts


@dataclass(frozen=True)
class LoadedModel:
    """Model that can answer requests.

    Attributes
    ----------
    model_uri : ModelUri
    predictor : Predictor
    problem : Problem
    metadata : mlflow.models.Model
        Its MLmodel file: signature and the like.
    example : DataFrame
        A few rows that it was logged with.
    """

    model_uri: ModelUri
    predictor: Predictor
    problem: Problem
    metadata: Model
    example: pd.DataFrame

    @cached_property
    def column_types(self) -> dict[str, str]:
        """Type of each feature: number, category or date."""
        return {column.name: column.column_type for column in self.predictor.encoder.columns}

    @cached_property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """Response headers: model and version."""
        names = {b"x-model": self.model_uri.name, b"x-model-version": self.model_uri.version}
        return [(key, name.encode("latin-1", "replace")) for key, name in names.items()]

    def parse(self, body: bytes) -> Rows | None:
        """Parse the rows of a request; None where only MLflow's own parsing can."""
        return self._parser.parse(body)

    def parse_csv(self, text: str) -> Rows:
        """Parse the rows of a CSV request."""
        return self._parser.parse_csv(text)

    @cached_property
    def _parser(self) -> RowParser:
        return RowParser(self.column_types)

    def predict(self, rows: Rows) -> PredictionResponse:
        """Predict rows."""
        predictor = self.predictor
        scores = predictor.estimator.scores(predictor.encoder.encode(*rows))
        return build_response(rows.table, predictor, scores)


def load(model_uri: ModelUri, cache_dir: Path) -> LoadedModel:
    """Load a model, from the cache directory if it is there, and check it on its input example.

    Parameters
    ----------
    model_uri : ModelUri
    cache_dir : Path
        Keeps a copy of each model for other processes and later calls.

    Raises
    ------
    LonghaulError
        When there is none, it was not logged by Longhaul, or it cannot predict its own example.
    """
    folder = cache_dir / model_uri.key
    if not folder.is_dir():
        artifacts.copy_to(model_uri.uri, folder)
    try:
        model = _read(model_uri, folder)
        _check(model)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)  # its files may be repaired before the next call
        raise
    return model


def _read(model_uri: ModelUri, folder: Path) -> LoadedModel:
    parts = folder / "artifacts" / "package"
    if not parts.is_dir():
        raise LonghaulError(f"{model_uri.uri}: not a model of Longhaul; serve one that it logged")
    metadata = Model.load(str(folder))
    return LoadedModel(
        model_uri,
        package.load_predictor(parts),
        problems.load(parts / package.PROBLEM),
        metadata,
        _example(metadata, folder, model_uri),
    )


def _example(metadata: Model, folder: Path, model_uri: ModelUri) -> pd.DataFrame:
    example = metadata.load_input_example(str(folder))
    if not isinstance(example, pd.DataFrame) or example.empty:
        raise LonghaulError(
            f"{model_uri.uri}: it has no input example to be checked on; log it again with one"
        )
    return example


def _check(model: LoadedModel) -> None:
    """Check that predictions of the input example are valid and equal by both ways of parsing."""
    uri = model.model_uri.uri
    expected = model.predictor.scores(model.example)
    try:
        model.predictor.task.require(expected)
    except LonghaulError as error:
        raise LonghaulError(f"{uri}: its input example cannot be predicted: {error}") from None
    rows = model.parse(payload.dumps(model.example).encode())
    task = model.predictor.task
    if rows is not None and not np.array_equal(task.scores(model.predict(rows).columns), expected):
        raise LonghaulError(
            f"{uri}: its input example is predicted differently from JSON than from a data frame"
        )
