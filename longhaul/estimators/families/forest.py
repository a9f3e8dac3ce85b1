"""Random forest (Breiman, Machine Learning, 2001) of scikit-learn."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from longhaul.estimators.estimator import (
    SklearnEstimator,
    fit_sklearn,
    load_sklearn,
    validate_trees,
)
from longhaul.estimators.sample import Sample
from longhaul.estimators.trees import is_valid_tree, leaf_rows
from longhaul.features.encoder import Encoder

TRUSTED = ("sklearn.tree._tree.Tree",)
LEAF = -1

name = "forest"
defaults: dict[str, float] = {
    "trees": 100,
    "depth": 14,
    "min_rows": 20,
    "column_share": 0.3,
    "row_share": 0.5,
}


def space() -> dict[str, Any]:
    """Return the search space: depth and rows per leaf (tree size), row and column shares.

    The number of trees is not searched: more of them is never worse, only slower.
    """
    from hyperopt import hp  # not needed where the model is served

    return {
        "depth": hp.quniform("depth", 6, 24, 1),
        "min_rows": hp.qloguniform("min_rows", np.log(5), np.log(200), 1),
        "column_share": hp.uniform("column_share", 0.1, 0.6),
        "row_share": hp.uniform("row_share", 0.2, 0.9),
    }


def fit(
    settings: Mapping[str, float],
    encoder: Encoder,
    train: Sample,
    valid: Sample | None,
    seed: int,
    threads: int,
) -> SklearnEstimator:
    """Grow trees on `train`; see `longhaul.estimators.families.Family.fit`.

    A category's code, its rank by frequency, is split like a number.
    """
    chosen = {**defaults, **settings}
    model_class = RandomForestClassifier if train.classes else RandomForestRegressor
    model = model_class(
        n_estimators=int(chosen["trees"]),
        max_depth=int(chosen["depth"]),
        min_samples_leaf=leaf_rows(chosen["min_rows"], len(train.matrix)),
        max_features=float(chosen["column_share"]),
        max_samples=float(chosen["row_share"]),
        n_jobs=threads or -1,
        random_state=seed,
    )
    fit_sklearn(model, train, threads)
    return SklearnEstimator(model.set_params(n_jobs=None), train.classes)


def load(folder: Path, classes: int) -> SklearnEstimator:
    """Read an estimator of this family that was saved in `folder`."""
    model = load_sklearn(folder, TRUSTED)
    validate_trees(all(_is_valid(tree.tree_, model.n_features_in_) for tree in model), folder)
    return SklearnEstimator(model, classes)


def _is_valid(tree: Any, width: int) -> bool:
    children = np.column_stack([tree.children_left, tree.children_right])
    return is_valid_tree(children, tree.feature, tree.children_left != LEAF, width)
