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
from longhaul.estimators.threads import most_threads
from longhaul.estimators.trees import leaf_rows
from longhaul.features.encoder import Encoder

FILE = "model.txt"
FEW_ROWS = 16  # up to here, predicting row by row is faster than using threads
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
    """Return the search space: learning rate, tree size, row and column shares, L2 penalty.

    The number of trees is not searched: early stopping on validation sets it.
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
    dataset = _bin(encoder, train, params)
    valid_sets, callbacks = [], []
    if valid is not None:
        valid_sets = [dataset.create_valid(valid.matrix, valid.outcome, weight=valid.weight)]
        callbacks = [lightgbm.early_stopping(int(chosen["patience"]), verbose=False)]
    try:
        booster = lightgbm.train(
            params, dataset, int(chosen["iterations"]), valid_sets, callbacks=callbacks
        )
    except lightgbm.basic.LightGBMError as error:
        raise LonghaulError(f"lightgbm: {error}") from None
    return Boosted(_truncate(booster, booster.best_iteration), train.classes)


class SharedDataset:
    """Training and validation windows, binned once for all trials.

    See `longhaul.estimators.families.SharedDataset`. LightGBM only reads binned data, so trials in
    several threads can share it.
    """

    def __init__(self, encoder: Encoder, train: Sample, valid: Sample, seed: int):
        self._train, self._seed = train, seed
        params = _params(defaults, seed, 0, train)
        self._dataset = _bin(encoder, train, params).construct()
        self._valid_set = self._dataset.create_valid(
            valid.matrix, valid.outcome, weight=valid.weight, params=params
        ).construct()

    def fit(
        self, settings: Mapping[str, float], threads: int, pruner: MedianPruner | None = None
    ) -> "Boosted":
        """Boost trees; without a pruner, the same ones as `fit` does.

        With a pruner, early stopping also comes sooner: after as much progress (rounds times
        learning rate) without improvement as the patience allows at the default learning rate.

        Raises
        ------
        LonghaulError
            When LightGBM refuses the settings.
        """
        chosen = {**defaults, **settings}
        rate, patience = float(chosen["learning_rate"]), int(chosen["patience"])
        if pruner is not None:
            allowed = round(patience * defaults["learning_rate"] / rate)
            patience = min(patience, max(allowed, LEAST_PATIENCE))
        lowest, best = np.inf, 0
        try:
            booster = lightgbm.Booster(
                _params(chosen, self._seed, threads, self._train), self._dataset
            )
            booster.add_valid(self._valid_set, "valid")
            for number in range(1, int(chosen["iterations"]) + 1):
                if booster.update():
                    break
                [(_, _, loss, _)] = booster.eval_valid()
                if loss < lowest:
                    lowest, best = loss, number
                if pruner and pruner.should_stop(rate * (number - 1), rate * number, lowest):
                    break
                if number - best >= patience:
                    break
        except lightgbm.basic.LightGBMError as error:
            raise LonghaulError(f"lightgbm: {error}") from None
        return Boosted(_truncate(booster, best), self._train.classes, threads)


@dataclass(frozen=True)
class Boosted:
    """A LightGBM booster, kept in its own text format.

    Attributes
    ----------
    booster : lightgbm.Booster
    classes : int
        As `Sample.classes`.
    threads : int
        To predict with; 0 uses all that OpenMP may use. LightGBM stores this number once for the
        whole process and sizes its buffers by it: everything that runs at the same time must use
        the same number, or memory is overrun. So all predictions use it, however few their rows,
        and so does training in the same process.
    """

    booster: Any
    classes: int = 2
    threads: int = 0

    @property
    def iterations(self) -> int:
        """Number of boosting rounds; with several classes, each has a tree in every round."""
        return int(self.booster.num_trees() // self.booster.num_model_per_iteration())

    def scores(self, matrix: np.ndarray) -> np.ndarray:
        """Return probabilities or values; see `longhaul.estimators.estimator.Estimator.scores`."""
        few = 1 <= len(matrix) <= FEW_ROWS and matrix.shape[1:] == (self._width,)
        if few and matrix.dtype == np.float32 and self.classes <= 2:
            return np.concatenate([self._single_row.scores(row) for row in matrix[:, np.newaxis]])
        return self._predict(matrix)

    def contributions(self, matrix: np.ndarray) -> np.ndarray | None:
        """Return SHAP values, shape (n, p), in log-odds (Lundberg et al., Nat. Mach. Intell. 2020).

        For regression, they are in the target's unit; for several classes, None.
        """
        if self.classes > 2:
            return None
        return self._predict(matrix, pred_contrib=True)[:, :-1]  # the last is the expected value

    def save(self, folder: Path) -> None:
        """Write the booster into an existing folder, as text."""
        (folder / FILE).write_text(self.booster.model_to_string(), encoding="utf-8")

    @cached_property
    def _width(self) -> int:
        return int(self.booster.num_feature())

    @cached_property
    def _single_row(self) -> SingleRowPredictor:
        return SingleRowPredictor(self.booster, self.threads)

    def _predict(self, matrix: np.ndarray, **options: bool) -> np.ndarray:
        if not len(matrix):
            if options:
                return np.empty((0, matrix.shape[1] + 1))
            return np.empty((0, self.classes) if self.classes > 2 else 0)
        return np.asarray(self.booster.predict(matrix, num_threads=self.threads, **options))


def load(folder: Path, classes: int) -> Boosted:
    """Read an estimator of this family that was saved in `folder`."""
    text = (folder / FILE).read_text(encoding="utf-8")
    return Boosted(lightgbm.Booster(model_str=text), classes, most_threads())


def _bin(encoder: Encoder, train: Sample, params: Mapping[str, Any]) -> Any:
    """Build the LightGBM dataset of a sample."""
    return lightgbm.Dataset(
        train.matrix,
        train.outcome,
        weight=train.weight,
        categorical_feature=encoder.categorical,
        params=dict(params),
    )


def _params(chosen: Mapping[str, float], seed: int, threads: int, train: Sample) -> dict[str, Any]:
    """Convert settings to LightGBM's parameters."""
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
    """Return LightGBM's parameters for the objective and its metric."""
    if not classes:
        return {"objective": "regression", "metric": "rmse"}
    if classes == 2:
        return {"objective": "binary", "metric": "binary_logloss"}
    return {"objective": "multiclass", "metric": "multi_logloss", "num_class": classes}


def _truncate(booster: Any, iterations: int) -> Any:
    """Truncate the booster to its first iterations; 0 or less keeps all."""
    if iterations <= 0:
        return booster
    return lightgbm.Booster(model_str=booster.model_to_string(num_iteration=iterations))
