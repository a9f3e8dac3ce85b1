"""A model in service: what it takes to answer, loaded and checked."""

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
    """A model that answers.

    Attributes
    ----------
    model_uri : Identity
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
    def kinds(self) -> dict[str, str]:
        """Each feature, and its kind."""
        return {column.name: column.kind for column in self.predictor.encoder.columns}

    @cached_property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """By which each of its answers says whose it is."""
        names = {b"x-model": self.model_uri.name, b"x-model-version": self.model_uri.version}
        return [(key, name.encode("latin-1", "replace")) for key, name in names.items()]

    def rows(self, body: bytes) -> Rows | None:
        """The rows of a request; None where they are not plain, and MLflow has to read them."""
        return self._reader.read(body)

    @cached_property
    def _reader(self) -> RowParser:
        return RowParser(self.column_types)

    def predict(self, found: Rows) -> PredictionResponse:
        """Predict rows."""
        predictor = self.predictor
        scores = predictor.estimator.scores(predictor.encoder.encode(*found))
        return build_response(found.table, predictor, scores)


def load(model_uri: ModelUri, cache_dir: Path) -> LoadedModel:
    """Load a model, from a copy that stays on the cache_dir for the next one who asks.

    Parameters
    ----------
    model_uri : Identity
    cache_dir : Path
        A folder of copies, one for each model.

    Raises
    ------
    LonghaulError
        When there is none, it was not logged by Longhaul, or it cannot predict its own example.
    """
    folder = cache_dir / model_uri.key
    if not folder.is_dir():
        artifacts.copy_to(model_uri.uri, folder)
    try:
        served = _read(model_uri, folder)
        _check(served)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)  # the next one who asks may find it mended
        raise
    return served


def _read(model_uri: ModelUri, folder: Path) -> LoadedModel:
    parts = folder / "artifacts" / "package"
    if not parts.is_dir():
        raise LonghaulError(f"{model_uri.uri}: not a model of Longhaul")
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
        raise LonghaulError(f"{model_uri.uri}: it has no input example to be checked on")
    return example


def _check(model: LoadedModel) -> None:
    """Ask it about its own example, in both ways that a request may take."""
    uri = model.model_uri.uri
    expected = model.predictor.scores(model.example)
    try:
        model.predictor.task.require(expected)
    except LonghaulError as error:
        raise LonghaulError(f"{uri}: of its input example, {error}") from None
    plain = model.rows(payload.dumps(model.example).encode())
    task = model.predictor.task
    if plain is not None and not np.array_equal(
        task.scores(model.predict(plain).columns), expected
    ):
        raise LonghaulError(f"{uri}: it predicts its input example in two different ways")
