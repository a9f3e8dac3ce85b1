"""Linear models of scikit-learn: logistic regression for classes, ridge regression for numbers.

Numbers are scaled, categories are one-hot encoded.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from longhaul.estimators.estimator import SklearnEstimator, fit_sklearn, load_sklearn
from longhaul.estimators.sample import Sample
from longhaul.features.encoder import Encoder

TRUSTED = ("numpy.dtype",)

name = "linear"
defaults: dict[str, float] = {"C": 0.1}


def space() -> dict[str, Any]:
    """Return the search space: C, the inverse strength of the L2 penalty."""
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
    """Fit one coefficient per column; see `longhaul.estimators.families.Family.fit`."""
    chosen = {**defaults, **settings}
    strength = float(chosen["C"])
    if train.classes:
        model = LogisticRegression(C=strength, max_iter=300, random_state=seed)
    else:
        model = Ridge(alpha=1 / strength)
    pipeline = make_pipeline(_columns(encoder), model)
    weight = f"{pipeline.steps[-1][0]}__sample_weight"
    train = replace(train, matrix=train.matrix.astype(np.float64))
    fitted = fit_sklearn(pipeline, train, threads, weight)
    return SklearnEstimator(fitted, train.classes, as_float64=True)


def load(folder: Path, classes: int) -> SklearnEstimator:
    """Read an estimator of this family that was saved in `folder`."""
    return SklearnEstimator(load_sklearn(folder, TRUSTED), classes, as_float64=True)


def _columns(encoder: Encoder) -> ColumnTransformer:
    """Impute and scale numbers, one-hot encode categories."""
    categories = encoder.categorical
    numbers = [i for i in range(len(encoder.names)) if i not in categories]
    scaled = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
    )
    levels = OneHotEncoder(handle_unknown="ignore")
    return ColumnTransformer([("numbers", scaled, numbers), ("categories", levels, categories)])
