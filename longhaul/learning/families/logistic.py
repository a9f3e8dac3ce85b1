"""Logistic regression of scikit-learn: numbers scaled, categories one column for each level."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from longhaul.features.encoder import Encoder
from longhaul.learning.estimator import SklearnEstimator, fit_sklearn, load_sklearn
from longhaul.learning.sample import Sample

TRUSTED = ("numpy.dtype",)

name = "logistic"
defaults: dict[str, float] = {"C": 0.1}


def space() -> dict[str, Any]:
    """C is the inverse strength of the L2 penalty."""
    from hyperopt import hp  # not needed where the model is served

    return {"C": hp.loguniform("C", np.log(1e-4), np.log(10))}


def fit(
    settings: Mapping[str, float],
    encoder: Encoder,
    train: Sample,
    valid: Sample | None,
    seed: int,
    threads: int,
) -> SklearnEstimator:
    """Learn a weight for each column; see `longhaul.learning.families.Family.fit`."""
    chosen = {**defaults, **settings}
    model = LogisticRegression(C=float(chosen["C"]), max_iter=300, random_state=seed)
    pipeline = make_pipeline(_columns(encoder), model)
    return SklearnEstimator(fit_sklearn(pipeline, train, threads))


def load(folder: Path) -> SklearnEstimator:
    """Read an estimator of this family that was saved in `folder`."""
    return SklearnEstimator(load_sklearn(folder, TRUSTED))


def _columns(encoder: Encoder) -> ColumnTransformer:
    """What a linear model needs: no missing values, one scale, no codes taken for amounts."""
    categories = encoder.categorical
    numbers = [i for i in range(len(encoder.names)) if i not in categories]
    scaled = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
    )
    # In float64, so that a row alone and a row among many add up to the same.
    levels = OneHotEncoder(handle_unknown="ignore", dtype=np.float64)
    return ColumnTransformer([("numbers", scaled, numbers), ("categories", levels, categories)])
