"""A model of the flights for benchmarks: LightGBM with default settings, in a store of its own."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import mlflow
import pandas as pd

from longhaul import problem_yaml
from longhaul.data import periods, sources
from longhaul.estimators.families import family
from longhaul.tracking import logged_models
from longhaul.training import candidate

PROBLEM = Path(__file__).resolve().parents[1] / "problems" / "flights.yaml"
_LIGHTGBM = "lightgbm"


class Flights(NamedTuple):
    """A model, the rows of July that it may be asked about, and a folder that goes with it."""

    model: str
    rows: pd.DataFrame
    folder: Path


def flights_table() -> pd.DataFrame:
    """Every flight, as ingested."""
    return sources.read(problem_yaml.load(PROBLEM), PROBLEM.parent).frame


@contextmanager
def served_flights() -> Iterator[Flights]:
    """Fit and log a model as ``train`` does, in a temporary store that this process uses."""
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    problem, table = problem_yaml.load(PROBLEM), flights_table()
    month = periods.of(table, problem)
    train, valid = (
        table[month.between(first, last)]
        for first, last in (problem.windows.train, problem.windows.valid)
    )
    rows = table[month == problem.windows.production[0]]
    fitted = candidate.fit(problem, train, valid, _LIGHTGBM, family(_LIGHTGBM).defaults, 0, 0)
    with TemporaryDirectory(prefix="longhaul-") as temporary:
        os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{temporary}/mlflow.db"
        os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
        mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
        mlflow.create_experiment("benchmark", artifact_location=f"file://{temporary}/artifacts")
        mlflow.set_experiment("benchmark")
        with mlflow.start_run():
            uri = logged_models.log(fitted.package, valid.head())
        yield Flights(uri, rows[problem.features(rows.columns)], Path(temporary))
