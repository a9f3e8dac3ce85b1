"""Loaded model: the parts of a logged model that answer requests, loaded and checked."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, Schema
from mlflow.types.schema import AnyType

from longhaul import problem_yaml
from longhaul.data.forms import declared_forms
from longhaul.errors import LonghaulError
from longhaul.features import column_format, formats
from longhaul.features.column_format import CATEGORY, DATE, ColumnFormat
from longhaul.model import package, payload, predictions
from longhaul.model.predictor import Predictor
from longhaul.problem import Problem
from longhaul.registry.corrections import StoredCorrection
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
        Its MLmodel file: signature and the like; time and context are among the inputs.
    example : DataFrame
        A few rows that it was logged with.
    correction : StoredCorrection or None
        Of its version.
    """

    model_uri: ModelUri
    predictor: Predictor
    problem: Problem
    metadata: Model
    example: pd.DataFrame
    correction: StoredCorrection | None = None

    @cached_property
    def column_types(self) -> dict[str, str]:
        """Type of each feature: number, category or date."""
        return {column.name: column.column_type for column in self.predictor.encoder.columns}

    @cached_property
    def request_types(self) -> dict[str, str]:
        """Type of each column that a request may have: features, the time, and the context."""
        types, time = self.column_types, self.problem.time
        sent = {**types, time.column: types.get(time.column, "date")} if time else types
        return {**sent, **{name: "any" for name in self.problem.context if name not in sent}}

    @cached_property
    def request_forms(self) -> dict[str, ColumnFormat]:
        """Format of each column that a request may have."""
        forms = {column.name: column.form for column in self.predictor.encoder.columns}
        declared = declared_forms(self.problem)
        for name in self.request_types:
            if self.request_types[name] == "any":
                forms.setdefault(name, ColumnFormat(CATEGORY))
            form = column_format.parse(declared.get(name, DATE))
            forms.setdefault(name, form if form.column_type == DATE else ColumnFormat(DATE))
        return forms

    @property
    def is_correctable(self) -> bool:
        """Return whether the version may have a correction."""
        return self.predictor.task_type == "binary" and self.problem.time is not None

    @cached_property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """Response headers: model, version, and the correction's newest shift and source."""
        names = {b"x-model": self.model_uri.name, b"x-model-version": self.model_uri.version}
        if stored := self.correction:
            names |= {
                b"x-correction": repr(stored.correction.current),
                b"x-correction-source": stored.source,
            }
        else:
            names[b"x-correction"] = "none"
        return [(key, name.encode("latin-1", "replace")) for key, name in names.items()]

    def parse(self, body: bytes) -> Rows | None:
        """Parse the rows of a request; None where only MLflow's own parsing can."""
        return self._parser.parse(body)

    def parse_csv(self, text: str) -> Rows:
        """Parse the rows of a CSV request."""
        return self._parser.parse_csv(text)

    @cached_property
    def _parser(self) -> RowParser:
        return RowParser(self.request_types)

    def predict(self, rows: Rows) -> PredictionResponse:
        """Predict rows."""
        predictor = self.predictor
        scores = predictor.estimator.scores(predictor.encoder.encode(*rows))
        time = self.problem.time
        predicted = self.correct(scores, rows.table.get(time.column) if time else None)
        return build_response(rows.table, predicted, predictor.task_type)

    def correct(
        self, scores: np.ndarray, times: pd.Series | Sequence[Any] | None
    ) -> dict[str, Any]:
        """Convert scores to prediction columns, corrected by the day of each row.

        Parameters
        ----------
        scores : ndarray
            See `longhaul.tasks.Task`.
        times : Series or sequence of length n, or None
            See `longhaul.model.correction.columns`.
        """
        correction = self.correction.correction if self.correction else None
        if correction and times is not None and self.problem.time:
            form = self.request_forms[self.problem.time.column]
            if isinstance(times, pd.Series):
                times = formats.times(times, form)
            else:
                times = [formats.time(value, form) for value in times]
        return predictions.predict(scores, times, self.predictor, correction)


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
    problem = problem_yaml.load(parts / package.PROBLEM)
    _accept_context(metadata, problem)
    return LoadedModel(
        model_uri,
        package.load_predictor(parts),
        problem,
        metadata,
        _example(metadata, folder, model_uri),
    )


def _accept_context(metadata: Model, problem: Problem) -> None:
    """Let requests have columns that are no features: a correction goes by the time column.

    Monitoring goes by the others: the key of a row, and what it is counted with.
    """
    signature = metadata.signature
    inputs = signature.inputs
    names = [*([problem.time.column] if problem.time else []), *problem.context]
    more = [
        ColSpec(AnyType(), name, required=False)
        for name in dict.fromkeys(names)
        if name not in inputs.input_names()
    ]
    if more:
        schema = Schema([*inputs.inputs, *more])
        metadata.signature = ModelSignature(schema, signature.outputs, signature.params)


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
