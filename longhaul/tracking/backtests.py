"""The artifacts of a backtest: rows, metrics and the picture, logged in the active run."""

from collections.abc import Sequence
from typing import Any

import mlflow
from matplotlib.figure import Figure

from longhaul.backtest.results import name_metrics
from longhaul.plots import backtest as plots
from longhaul.tracking import artifacts


def log_policies(rows: Sequence[dict[str, Any]], periods: Sequence[str]) -> Figure:
    """Log the rows of all policies over some periods; return the picture that compares them."""
    mlflow.log_dict({"periods": list(periods), "policies": list(rows)}, "backtest.json")
    for row in rows:
        mlflow.log_metrics(name_metrics(row, plots.METRICS))
    picture = plots.policies(rows)
    with artifacts.log_folder("plots") as folder:
        picture.savefig(folder / "backtest.png")
    return picture
