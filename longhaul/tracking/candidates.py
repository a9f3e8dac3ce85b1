"""A candidate as its run records it: metrics, settings and the model."""

import mlflow
import pandas as pd

from longhaul.errors import LonghaulError
from longhaul.learning.candidate import Candidate
from longhaul.tracking import artifacts, models, versions
from longhaul.tracking.tags import FAMILY

SETTINGS = "settings.json"

_EXAMPLE_ROWS = 5


def settings(uri: str) -> dict[str, float]:
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
    family, metrics = candidate.package.predictor.family, candidate.metrics
    mlflow.set_tag(FAMILY, family)
    mlflow.log_metrics({f"valid_{name}": value for name, value in metrics.items()})
    mlflow.log_params({f"setting.{name}": value for name, value in candidate.settings.items()})
    mlflow.log_dict(candidate.settings, SETTINGS)
    models.log(candidate.package, rows.head(_EXAMPLE_ROWS))
    figures = f"log loss {metrics['log_loss']:.4f}, AUC {metrics['auc']:.3f}"
    return f"{family}: {figures} on validation"
