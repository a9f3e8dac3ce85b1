"""References and observations for tests, of the generated table of customers."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from longhaul.monitoring.batches import Batch, align
from longhaul.monitoring.observation import Observation, observe
from longhaul.monitoring.reference import Reference
from longhaul.problem import Problem
from longhaul.training.candidate import Candidate
from tests import packages, tables


@cache
def fitted() -> Candidate:
    """A small LightGBM model of five months."""
    with TemporaryDirectory() as folder:
        return packages.fit(Path(folder))


@cache
def problem() -> Problem:
    """What it predicts."""
    with TemporaryDirectory() as folder:
        return tables.problem(Path(folder))


@cache
def reference() -> Reference:
    """What is kept with it."""
    return Reference.from_dict(fitted().package.reference)


def rows(count: int = 200, seed: int = 1, **changes: Any) -> pd.DataFrame:
    """New customers of the same kind, some columns changed."""
    frame = tables.churn(rows_per_month=-(-count // 9), seed=seed).head(count)
    return frame.assign(**changes)


def batch(frame: pd.DataFrame, known: bool = True, start: int = 0) -> Batch:
    """The rows with their predictions."""
    predictor = fitted().package.predictor
    probability = predictor.scores(frame)
    outcome = (frame["churned"] == "yes").to_numpy().astype(int)
    return align(
        frame,
        predictor.columns(probability),
        outcome.astype(float) if known else np.full(len(frame), np.nan),
        problem(),
        np.arange(start, start + len(frame)),
    )


def observation(frame: pd.DataFrame, known: bool = True, parts: int = 1) -> Observation | None:
    """The rows, counted in so many batches."""
    size = -(-max(len(frame), 1) // parts)
    batches = [batch(frame.iloc[i : i + size], known, i) for i in range(0, len(frame), size)]
    return observe(batches, fitted().package.predictor.encoder, reference(), problem())
