"""A candidate as its run records it: metrics, settings and the model."""

from collections.abc import Mapping
from math import isfinite

import mlflow
import pandas as pd

from longhaul.errors import LonghaulError
from longhaul.registry import versions
from longhaul.tasks import Task, display_name
from longhaul.tracking import artifacts, logged_models
from longhaul.tracking.tags import FAMILY
from longhaul.training.candidate import Candidate
from longhaul.training.trials import LOSS

SETTINGS = "settings.json"

_EXAMPLE_ROWS = 5


def read_settings(uri: str) -> dict[str, float]:
    """The settings of an earlier candidate, to fit another with.

    How many iterations to make is not among them: that is found anew on other rows.

    Parameters
    ----------
    uri : str
        Of its settings.json.

    Raises
    ------
    LonghaulError
        When there is no such document.
    """
    found = artifacts.read_json(uri)
    if not isinstance(found, dict):
        raise LonghaulError(f"{uri}: not settings; give the {SETTINGS} of train or tune")
    return {name: value for name, value in found.items() if name != "iterations"}


def settings_uri(model: str) -> str:
    """Where the settings of a registered version are.

    Parameters
    ----------
    model : str
        ``models:/<name>/<version>``.
    """
    name, number = versions.resolve(model)
    return f"runs:/{versions.version(name, number).run_id}/{SETTINGS}"


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
        The figures a reader wants of it, in one line.
    """
    predictor, metrics = candidate.package.predictor, candidate.metrics
    family, task = predictor.family, predictor.task
    mlflow.set_tag(FAMILY, family)
    known = {f"valid_{name}": value for name, value in metrics.items() if isfinite(value)}
    mlflow.log_metrics({**known, LOSS: metrics[task.loss]})
    mlflow.log_params({f"setting.{name}": value for name, value in candidate.settings.items()})
    mlflow.log_dict(candidate.settings, SETTINGS)
    logged_models.log(candidate.package, rows.head(_EXAMPLE_ROWS))
    return f"{family}: {summarize(task, metrics)} on validation"


def summarize(task: Task, metrics: Mapping[str, float]) -> str:
    """The loss and the leading figure, in a few words."""
    loss, lead = metrics[task.loss], metrics[task.primary_metric]
    return f"{display_name(task.loss)} {loss:.4f}, {display_name(task.primary_metric)} {lead:.3f}"
