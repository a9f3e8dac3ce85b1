"""The artifacts of a backtest: rows, metrics and the picture, logged in the active run."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import mlflow
from matplotlib.figure import Figure

from longhaul.backtest.table import name_metrics
from longhaul.json_values import replace_non_finite
from longhaul.plots import backtest as plots
from longhaul.problem import Problem
from longhaul.tracking import artifacts


def log_policies(
    by_lag: Mapping[str, Sequence[dict[str, Any]]], periods: Sequence[str], problem: Problem
) -> Figure:
    """Log the rows of all policies by label lag; return the picture that compares them."""
    rows = [row for rows in by_lag.values() for row in rows]
    record = {
        "periods": list(periods),
        "lags": list(by_lag),
        "costs": asdict(problem.costs),
        "policies": rows,
    }
    mlflow.log_dict(replace_non_finite(record), "backtest.json")
    for row in rows:
        mlflow.log_metrics(name_metrics(row))
    picture = plots.policies(by_lag)
    with artifacts.log_folder("plots") as folder:
        picture.savefig(folder / "backtest.png")
    return picture
