"""Candidates as their runs record them: metrics, settings and model."""

from collections.abc import Mapping
from math import isfinite

import mlflow
import pandas as pd

from longhaul.errors import LonghaulError
from longhaul.tasks import Task, display_name
from longhaul.tracking import artifacts, logged_models
from longhaul.tracking.tags import FAMILY
from longhaul.training.candidate import Candidate
from longhaul.training.trials import LOSS

SETTINGS = "settings.json"

_EXAMPLE_ROWS = 5


def read_settings(uri: str) -> dict[str, float]:
    """Read the settings of an earlier candidate, to fit another one with.

    The number of iterations is left out: it is found anew on other rows.

    Parameters
    ----------
    uri : str
        URI of its settings.json.

    Raises
    ------
    LonghaulError
        When there is no such document, or it holds no settings.
    """
    stored = artifacts.read_json(uri)
    if not isinstance(stored, dict):
        raise LonghaulError(
            f"{uri}: not the settings of a model; give the {SETTINGS} of train or tune"
        )
    return {name: value for name, value in stored.items() if name != "iterations"}


def settings_uri(run_id: str) -> str:
    """Return the URI of the settings that a run of train or tune logged."""
    return f"runs:/{run_id}/{SETTINGS}"


def log(candidate: Candidate, rows: pd.DataFrame) -> str:
    """Log a candidate to the active run.

    Parameters
    ----------
    candidate : Candidate
    rows : DataFrame
        The first few are kept with the model as an example of its input.

    Returns
    -------
    str
        Its family and main figures, in one line.
    """
    predictor, metrics = candidate.package.predictor, candidate.metrics
    family, task = predictor.family, predictor.task
    mlflow.set_tag(FAMILY, family)
    logged = {f"valid_{name}": value for name, value in metrics.items() if isfinite(value)}
    mlflow.log_metrics({**logged, LOSS: metrics[task.loss]})
    mlflow.log_params({f"setting.{name}": value for name, value in candidate.settings.items()})
    mlflow.log_dict(candidate.settings, SETTINGS)
    logged_models.log(candidate.package, rows.head(_EXAMPLE_ROWS))
    return f"{family}: {summarize(task, metrics)} on validation"


def summarize(task: Task, metrics: Mapping[str, float]) -> str:
    """Describe the loss and the primary metric in a few words."""
    loss, primary = metrics[task.loss], metrics[task.primary_metric]
    return (
        f"{display_name(task.loss)} {loss:.4f}, {display_name(task.primary_metric)} {primary:.3f}"
    )
