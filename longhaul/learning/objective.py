"""What a search makes small: the loss on validation of a model fitted on training."""

from typing import Any

from longhaul.evaluation.metrics import measure
from longhaul.learning.candidate import Prepared
from longhaul.learning.families import Family
from longhaul.learning.search import Objective


def on_validation(family: Family, prepared: Prepared, seed: int, threads: int) -> Objective:
    """Judge settings of `family` by the validation window, on which it also stops early.

    Returns
    -------
    callable
        Takes settings; returns each metric as ``valid_<name>``, and the iterations where the
        family has them.
    """

    def judge(settings: dict[str, Any]) -> dict[str, float]:
        train, valid = prepared.train, prepared.valid
        estimator = family.fit(settings, prepared.encoder, train, valid, seed, threads)
        figures = measure(valid.outcome, estimator.probability(valid.matrix))
        judged = {f"valid_{name}": value for name, value in figures.items()}
        if estimator.iterations is not None:
            judged["iterations"] = float(estimator.iterations)
        return judged

    return judge
