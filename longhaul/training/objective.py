"""What a search makes small: the loss on validation of a model fitted on training."""

from typing import Any

from longhaul.estimators.families import Family, SharedDataset
from longhaul.estimators.pruning import MedianPruner
from longhaul.tasks import Task
from longhaul.training.candidate import EncodedWindows
from longhaul.training.search import Objective, SearchContext
from longhaul.training.trials import LOSS

STOPPED = "stopped"


def on_validation(
    task: Task,
    family: Family,
    prepared: EncodedWindows,
    seed: int,
    threads: int,
    track: SharedDataset | None = None,
) -> Objective:
    """Judge settings of `family` by the validation window, on which it also stops early.

    Parameters
    ----------
    task : Task
    family : Family
    prepared : Prepared
    seed, threads : int
        Of one trial.
    track : Track, optional
        What the family's trials share: with it, they race; see `longhaul.estimators.pruning`.

    Returns
    -------
    callable
        Takes settings and the trials before them; returns each metric as ``valid_<name>``, the
        task's loss as `LOSS`, and the iterations where the family has them. In a race also the
        marks that were reached, and `STOPPED` = 1 for one that trailed.
    """
    train, valid = prepared.train, prepared.valid

    def judge(settings: dict[str, Any], others: SearchContext) -> dict[str, float]:
        more: dict[str, float] = {}
        if track is None:
            estimator = family.fit(settings, prepared.encoder, train, valid, seed, threads)
        else:
            race = MedianPruner([trial.metrics for trial in others.trials], others.given_up)
            estimator = track.fit(settings, threads, race)
            more = {**race.marks, **({STOPPED: 1.0} if race.stopped else {})}
        figures = task.measure(valid.outcome, estimator.scores(valid.matrix))
        judged = {f"valid_{name}": value for name, value in figures.items()}
        judged[LOSS] = figures[task.loss]
        if estimator.iterations is not None:
            judged["iterations"] = float(estimator.iterations)
        return {**judged, **more}

    return judge
