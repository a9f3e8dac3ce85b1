"""What a search makes small: the loss on validation of a model fitted on training."""

from typing import Any

from longhaul.learning.candidate import Prepared
from longhaul.learning.families import Family
from longhaul.learning.search import Objective
from longhaul.learning.trials import LOSS
from longhaul.tasks import Task


def on_validation(
    task: Task, family: Family, prepared: Prepared, seed: int, threads: int
) -> Objective:
    """Judge settings of `family` by the validation window, on which it also stops early.

    Returns
    -------
    callable
        Takes settings; returns each metric as ``valid_<name>``, the task's loss as `LOSS`, and the
        iterations where the family has them.
    """

    def judge(settings: dict[str, Any]) -> dict[str, float]:
        train, valid = prepared.train, prepared.valid
        estimator = family.fit(settings, prepared.encoder, train, valid, seed, threads)
        figures = task.measure(valid.outcome, estimator.scores(valid.matrix))
        judged = {f"valid_{name}": value for name, value in figures.items()}
        judged[LOSS] = figures[task.loss]
        if estimator.iterations is not None:
            judged["iterations"] = float(estimator.iterations)
        return judged

    return judge
