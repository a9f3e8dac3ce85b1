"""Corrections of registered versions for tests, and tables whose level has moved."""

import mlflow
import numpy as np
import pandas as pd

from longhaul.model.correction import Correction
from longhaul.registry import corrections
from longhaul.registry.model_uri import ModelUri, resolve_model
from tests import tables

# Outcomes are a day old: ten days show whether a correction helps.
DAILY = tables.DECLARATION.replace("{min_rows: 50}", "{min_rows: 50, label_lag: 1 day}")


def higher(rows: pd.DataFrame) -> pd.DataFrame:
    """Let half of those who would have stayed leave, too: the level is higher than it was."""
    drawn = np.random.default_rng(7).uniform(size=len(rows)) < 0.5
    return rows.assign(churned=np.where(drawn, "yes", rows["churned"]))


def correction(
    number: str = "1", first: str = "2020-07-01", days: int = 70, size: float = 0.5
) -> Correction:
    """Return a correction of churn whose days differ; the newest is shifted by `size`."""
    names = tuple(str(np.datetime64(first) + day) for day in range(days))
    shifts = [0.0 if day % 5 == 3 else size * (1 + day % 7) / 7 for day in range(days)]
    shifts[-1] = size
    return Correction(f"models:/churn/{number}", names, tuple(shifts), 0.37)


def log(made: Correction) -> tuple[str, str]:
    """Log a correction in a run of its own; return its URI and the run's id."""
    with mlflow.start_run() as run:
        mlflow.log_dict(made.to_dict(), "correction.json")
    return f"runs:/{run.info.run_id}/correction.json", run.info.run_id


def store(made: Correction, reason: str = "it helps") -> str:
    """Make a correction its version's; return its URI."""
    uri, run = log(made)
    return corrections.store(model(made.version), uri, made, reason, run)


def model(uri: str = "models:/churn/1") -> ModelUri:
    return resolve_model(uri)
