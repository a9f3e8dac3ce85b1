"""A candidate as its run records it: metrics, settings and the model."""

import mlflow
import pandas as pd

from longhaul.learning.candidate import Candidate
from longhaul.tracking import models
from longhaul.tracking.tags import FAMILY

SETTINGS = "settings.json"

_EXAMPLE_ROWS = 5


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
