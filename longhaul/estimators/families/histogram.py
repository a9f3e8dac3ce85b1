"""Histogram gradient boosting of scikit-learn, which splits on categories by itself."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from longhaul.estimators.estimator import (
    SklearnEstimator,
    fit_sklearn,
    load_sklearn,
    validate_trees,
)
from longhaul.estimators.sample import Sample
from longhaul.estimators.trees import is_valid_tree, leaf_rows
from longhaul.features.encoder import Encoder

TRUSTED = (
    "functools.partial",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.utils.validation.check_array",
)

name = "histogram"
defaults: dict[str, float] = {
    "iterations": 1000,
    "patience": 20,
    "learning_rate": 0.05,
    "leaves": 31,
    "min_rows": 50,
    "column_share": 0.5,
    "l2": 1.0,
}


def space() -> dict[str, Any]:
    """Return the search space: learning rate, tree size, column share and L2 penalty.

    The number of trees is not searched: early stopping on validation sets it.
    """
    from hyperopt import hp  # not needed where the model is served

    return {
        "learning_rate": hp.loguniform("learning_rate", np.log(0.02), np.log(0.3)),
        "leaves": hp.qloguniform("leaves", np.log(7), np.log(255), 1),
        "min_rows": hp.qloguniform("min_rows", np.log(10), np.log(1000), 1),
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
) -> SklearnEstimator:
    """Boost trees on `train`; see `longhaul.estimators.families.Family.fit`."""
    chosen = {**defaults, **settings}
    train = replace(train, matrix=_with_values(train.matrix))
    if valid is not None:
        early_stopped = _model(chosen, encoder, seed, train)
        chosen["iterations"] = _best_iterations(early_stopped, train, valid, threads)
    model = _model(chosen, encoder, seed, train).set_params(early_stopping=False)
    fitted = fit_sklearn(model, train, threads)
    return SklearnEstimator(fitted, train.classes, int(chosen["iterations"]))


def load(folder: Path, classes: int) -> SklearnEstimator:
    """Read an estimator of this family that was saved in `folder`."""
    model = load_sklearn(folder, TRUSTED)
    trees = [tree for iteration in model._predictors for tree in iteration]
    validate_trees(all(_is_valid(tree, model.n_features_in_) for tree in trees), folder)
    return SklearnEstimator(model, classes, int(model.n_iter_))


def _model(chosen: Mapping[str, float], encoder: Encoder, seed: int, train: Sample) -> Any:
    """Build the scikit-learn model with these settings."""
    model_class = HistGradientBoostingClassifier if train.classes else HistGradientBoostingRegressor
    return model_class(
        learning_rate=float(chosen["learning_rate"]),
        max_iter=int(chosen["iterations"]),
        max_leaf_nodes=int(chosen["leaves"]),
        min_samples_leaf=leaf_rows(chosen["min_rows"], len(train.matrix)),
        max_features=float(chosen["column_share"]),
        l2_regularization=float(chosen["l2"]),
        n_iter_no_change=int(chosen["patience"]),
        categorical_features=encoder.categorical,
        early_stopping=True,
        random_state=seed,
    )


def _is_valid(tree: Any, width: int) -> bool:
    nodes = tree.nodes
    inner = nodes["is_leaf"] == 0
    children = np.column_stack([nodes["left"], nodes["right"]]).astype(np.int64)
    sets = nodes["bitset_idx"][inner & (nodes["is_categorical"] == 1)]
    bitsets = min(len(tree.raw_left_cat_bitsets), len(tree.binned_left_cat_bitsets))
    return is_valid_tree(children, nodes["feature_idx"], inner, width) and bool(
        (sets < bitsets).all()
    )


def _with_values(matrix: np.ndarray) -> np.ndarray:
    """Fill columns that are entirely missing with zeros: scikit-learn cannot bin them.

    A constant column is never split on, so later values of it have no effect.
    """
    empty = np.isnan(matrix).all(axis=0)
    return np.where(empty, np.float32(0), matrix) if empty.any() else matrix


def _best_iterations(model: Any, train: Sample, valid: Sample, threads: int) -> int:
    """Return the number of iterations with the lowest loss on `valid`.

    The early-stopped model itself has more iterations, and scikit-learn cannot truncate it.
    """
    in_train = np.isin(valid.outcome, train.outcome) if train.classes > 2 else slice(None)
    weights: dict[str, Any] = (
        {} if valid.weight is None else {"sample_weight_val": valid.weight[in_train]}
    )
    fit_sklearn(
        model,
        train,
        threads,
        X_val=valid.matrix[in_train],
        y_val=valid.outcome[in_train],
        **weights,
    )
    return max(1, int(np.argmax(model.validation_score_)))  # the first score is without any tree
