"""Objective of a search: the validation loss of a model fitted on the training window."""

from typing import Any

from longhaul.estimators.families import Family, SharedDataset
from longhaul.estimators.pruning import MedianPruner
from longhaul.tasks import Task
from longhaul.training.candidate import EncodedWindows
from longhaul.training.search import Objective, SearchContext
from longhaul.training.trials import LOSS

STOPPED = "stopped"


def validation_objective(
    task: Task,
    family: Family,
    windows: EncodedWindows,
    seed: int,
    threads: int,
    shared: SharedDataset | None = None,
) -> Objective:
    """Build the objective: fit `family`, stop early and measure on the validation window.

    Parameters
    ----------
    task : Task
    family : Family
    windows : EncodedWindows
    seed, threads : int
        Of one trial.
    shared : SharedDataset, optional
        Data that the family's trials share; with it, trials are pruned, see
        `longhaul.estimators.pruning`.

    Returns
    -------
    callable
        Takes settings and a `SearchContext`; returns each metric as ``valid_<name>``, the task's
        loss as `LOSS`, and the iterations where the family has them. With pruning also the losses
        at the marks reached, and `STOPPED` = 1 for a pruned trial.
    """
    train, valid = windows.train, windows.valid

    def measure(settings: dict[str, Any], context: SearchContext) -> dict[str, float]:
        pruning: dict[str, float] = {}
        if shared is None:
            estimator = family.fit(settings, windows.encoder, train, valid, seed, threads)
        else:
            pruner = MedianPruner([trial.metrics for trial in context.trials], context.cancelled)
            estimator = shared.fit(settings, threads, pruner)
            pruning = {**pruner.marks, **({STOPPED: 1.0} if pruner.stopped else {})}
        figures = task.measure(valid.outcome, estimator.scores(valid.matrix))
        metrics = {f"valid_{name}": value for name, value in figures.items()}
        metrics[LOSS] = figures[task.loss]
        if estimator.iterations is not None:
            metrics["iterations"] = float(estimator.iterations)
        return {**metrics, **pruning}

    return measure
