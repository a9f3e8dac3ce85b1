"""The artifacts of an evaluation: slices, attributions and pictures, logged in the active run."""

from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow

from longhaul.evaluation.attributions import attributions
from longhaul.evaluation.scored_rows import ScoredRows
from longhaul.evaluation.slices import slices
from longhaul.json_values import replace_non_finite
from longhaul.model.predictor import Predictor
from longhaul.monitoring import cluster_counts
from longhaul.monitoring.judged_counts import JudgedCounts
from longhaul.plots.evaluation import pictures
from longhaul.tracking import artifacts


def log_details(rows: ScoredRows, predictor: Predictor, primary: float, seed: int) -> None:
    """Log slices, attributions and every picture.

    Parameters
    ----------
    rows : ScoredRows
    predictor : Predictor
    primary : float
        The primary metric on all rows.
    seed : int
        Of the sample that attributions are measured on.
    """
    by_slice = slices(rows.task, rows.frame, rows.problem.slices, rows.outcome, rows.scores)
    features = attributions(predictor, rows.frame, rows.outcome, seed)
    records = features.to_dict("records")
    mlflow.log_dict({"slices": replace_non_finite(by_slice)}, "slices.json")
    mlflow.log_dict({"attributions": replace_non_finite(records)}, "attributions.json")
    with artifacts.log_folder("plots") as folder:
        for number, (name, picture) in enumerate(pictures(rows, primary, by_slice, features), 1):
            picture.savefig(folder / f"{number}_{name}.png")


def log_counts(counts: JudgedCounts) -> None:
    """Log counts of predictions as clusters.parquet and days.parquet, if there are any."""
    if not counts.clusters.parts:
        return
    with TemporaryDirectory(prefix="longhaul-") as folder:
        cluster_counts.write(counts.clusters, Path(folder) / "clusters.parquet")
        if counts.days:
            cluster_counts.write(counts.days, Path(folder) / "days.parquet")
        mlflow.log_artifacts(folder)
