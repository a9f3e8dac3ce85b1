"""Gradient boosting with LightGBM (Ke et al., NIPS 2017), on its native interface."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np

from longhaul.errors import LonghaulError
from longhaul.estimators.pruning import MedianPruner
from longhaul.estimators.sample import Sample
from longhaul.estimators.single_row import SingleRowPredictor
from longhaul.estimators.trees import leaf_rows
from longhaul.features.encoder import Encoder

FILE = "model.txt"
FEW_ROWS = 16  # up to here, row by row takes less time than to wake threads
LEAST_PATIENCE = 10  # rounds without improvement, however high the learning rate

name = "lightgbm"
defaults: dict[str, float] = {
    "iterations": 1000,
    "patience": 40,
    "learning_rate": 0.03,
    "leaves": 63,
    "min_rows": 50,
    "row_share": 0.8,
    "column_share": 0.5,
    "l2": 1.0,
}


def space() -> dict[str, Any]:
    """Leaves and rows per leaf set a tree's size, the shares how much trees differ.

    The number of trees is not searched: it is where the loss on validation stops falling.
    """
    from hyperopt import hp  # not needed where the model is served

    return {
        "learning_rate": hp.loguniform("learning_rate", np.log(0.02), np.log(0.2)),
        "leaves": hp.qloguniform("leaves", np.log(7), np.log(127), 1),
        "min_rows": hp.qloguniform("min_rows", np.log(10), np.log(1000), 1),
        "row_share": hp.uniform("row_share", 0.5, 1.0),
        "column_share": hp.uniform("column_share", 0.2, 1.0),
        "l2": hp.loguniform("l2", np.log(1e-3), np.log(100)),
    }


def fit(
    settings: Mapping[str, float],
    encoder: Encoder,
    train: Sample,
    valid: Sample | None,
    seed: int,
    threads: int,
) -> "Boosted":
    """Boost trees on `train`; see `longhaul.estimators.families.Family.fit`.

    Raises
    ------
    LonghaulError
        When LightGBM refuses the settings.
    """
    chosen = {**defaults, **settings}
    params = _params(chosen, seed, threads, train)
    known = _bin(encoder, train, params)
    watched, callbacks = [], []
    if valid is not None:
        watched = [known.create_valid(valid.matrix, valid.outcome, weight=valid.weight)]
        callbacks = [lightgbm.early_stopping(int(chosen["patience"]), verbose=False)]
    try:
        booster = lightgbm.train(
            params, known, int(chosen["iterations"]), watched, callbacks=callbacks
        )
    except lightgbm.basic.LightGBMError as error:
        raise LonghaulError(f"lightgbm: {error}") from None
    return Boosted(_first(booster, booster.best_iteration), train.classes)


class SharedDataset:
    """Both windows, binned once for all trials; see `longhaul.estimators.families.SharedDataset`.

    LightGBM only reads what is binned, so that trials in several threads share it.
    """

    def __init__(self, encoder: Encoder, train: Sample, valid: Sample, seed: int):
        self._train, self._seed = train, seed
        params = _params(defaults, seed, 0, train)
        self._known = _bin(encoder, train, params).construct()
        self._watched = self._known.create_valid(
            valid.matrix, valid.outcome, weight=valid.weight, params=params
        ).construct()

    def fit(
        self, settings: Mapping[str, float], threads: int, race: MedianPruner | None = None
    ) -> "Boosted":
        """Boost trees; without a race, the same ones as `fit` does.

        In a race it also gives up sooner: after as much progress without improvement as the
        patience allows at the default learning rate.

        Raises
        ------
        LonghaulError
            When LightGBM refuses the settings.
        """
        chosen = {**defaults, **settings}
        rate, patience = float(chosen["learning_rate"]), int(chosen["patience"])
        if race is not None:
            allowed = round(patience * defaults["learning_rate"] / rate)
            patience = min(patience, max(allowed, LEAST_PATIENCE))
        lowest, best = np.inf, 0
        try:
            booster = lightgbm.Booster(
                _params(chosen, self._seed, threads, self._train), self._known
            )
            booster.add_valid(self._watched, "valid")
            for number in range(1, int(chosen["iterations"]) + 1):
                if booster.update():
                    break
                [(_, _, loss, _)] = booster.eval_valid()
                if loss < lowest:
                    lowest, best = loss, number
                if race and race.trails(rate * (number - 1), rate * number, lowest):
                    break
                if number - best >= patience:
                    break
        except lightgbm.basic.LightGBMError as error:
            raise LonghaulError(f"lightgbm: {error}") from None
        return Boosted(_first(booster, best), self._train.classes, threads)


@dataclass(frozen=True)
class Boosted:
    """A LightGBM booster, kept in its own text format.

    Attributes
    ----------
    booster : lightgbm.Booster
    classes : int
        See `Sample.classes`.
    threads : int
        To predict with; 0 is all that OpenMP may use. LightGBM keeps this number for the whole
        process, and its buffers are as many: whatever is at work at once must agree on it, or
        memory is overrun. So all predictions use the same, however few their rows, and so does
        what trains beside them.
    """

    booster: Any
    classes: int = 2
    threads: int = 0

    @property
    def iterations(self) -> int:
        """Boosting rounds in it; of several classes, each has a tree in every round."""
        return int(self.booster.num_trees() // self.booster.num_model_per_iteration())

    def scores(self, matrix: np.ndarray) -> np.ndarray:
        """Probabilities or values; see `longhaul.estimators.estimator.Estimator.scores`."""
        few = 1 <= len(matrix) <= FEW_ROWS and matrix.shape[1:] == (self._width,)
        if few and matrix.dtype == np.float32 and self.classes <= 2:
            return np.concatenate([self._single.scores(row) for row in matrix[:, np.newaxis]])
        return self._predict(matrix)

    def contributions(self, matrix: np.ndarray) -> np.ndarray | None:
        """SHAP values, shape (n, p), in log-odds (Lundberg et al., Nat. Mach. Intell. 2020).

        Of numbers, in their unit; of several classes, none: each has its own.
        """
        if self.classes > 2:
            return None
        return self._predict(matrix, pred_contrib=True)[:, :-1]  # the last one is the base rate's

    def save(self, folder: Path) -> None:
        """Write it into an existing folder, as text."""
        (folder / FILE).write_text(self.booster.model_to_string(), encoding="utf-8")

    @cached_property
    def _width(self) -> int:
        return int(self.booster.num_feature())

    @cached_property
    def _single(self) -> SingleRowPredictor:
        return SingleRowPredictor(self.booster, self.threads)

    def _predict(self, matrix: np.ndarray, **how: bool) -> np.ndarray:
        if not len(matrix):
            if how:
                return np.empty((0, matrix.shape[1] + 1))
            return np.empty((0, self.classes) if self.classes > 2 else 0)
        return np.asarray(self.booster.predict(matrix, num_threads=self.threads, **how))


def load(folder: Path, classes: int) -> Boosted:
    """Read an estimator of this family that was saved in `folder`."""
    text = (folder / FILE).read_text(encoding="utf-8")
    return Boosted(lightgbm.Booster(model_str=text), classes)


def _bin(encoder: Encoder, train: Sample, params: Mapping[str, Any]) -> Any:
    """LightGBM's form of the rows to learn from."""
    return lightgbm.Dataset(
        train.matrix,
        train.outcome,
        weight=train.weight,
        categorical_feature=encoder.categorical,
        params=dict(params),
    )


def _params(chosen: Mapping[str, float], seed: int, threads: int, train: Sample) -> dict[str, Any]:
    """The settings in LightGBM's own words."""
    return {
        "learning_rate": float(chosen["learning_rate"]),
        "num_leaves": int(chosen["leaves"]),
        "subsample": float(chosen["row_share"]),
        "subsample_freq": 1,
        "colsample_bytree": float(chosen["column_share"]),
        "reg_lambda": float(chosen["l2"]),
        "min_child_samples": leaf_rows(chosen["min_rows"], len(train.matrix)),
        "feature_pre_filter": False,  # the bins must not depend on the rows of a leaf
        "deterministic": True,
        "force_row_wise": True,
        "seed": seed,
        "num_threads": threads,
        "verbose": -1,
        **_objective(train.classes),
    }


def _objective(classes: int) -> dict[str, Any]:
    """What to make small, in LightGBM's own words."""
    if not classes:
        return {"objective": "regression", "metric": "rmse"}
    if classes == 2:
        return {"objective": "binary", "metric": "binary_logloss"}
    return {"objective": "multiclass", "metric": "multi_logloss", "num_class": classes}


def _first(booster: Any, iterations: int) -> Any:
    """The booster cut to its first iterations; 0 or less keeps all."""
    if iterations <= 0:
        return booster
    return lightgbm.Booster(model_str=booster.model_to_string(num_iteration=iterations))
