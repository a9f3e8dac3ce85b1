"""A custom model family, declared by the user in a Python file.

The file defines four names, and optionally a fifth::

    name = "bayes"
    defaults = {"smoothing": 1e-9}  # numbers, by name

    def space():
        from hyperopt import hp  # here, because it is not installed where models are served

        return {"smoothing": hp.loguniform("smoothing", -25, 0)}

    def estimator(settings, task_type, categories, seed):
        return make_pipeline(SimpleImputer(), GaussianNB(var_smoothing=settings["smoothing"]))

    trusted = ()  # types to load that skops does not trust by itself

`estimator` returns an object with scikit-learn's interface, whose class a library defines. It is
fitted on a matrix of numbers with NaN for missing values; the columns with indices in `categories`
hold codes. It raises a ValueError for a `task_type` that the family does not support.
"""

import hashlib
import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from longhaul.errors import LonghaulError
from longhaul.estimators.estimator import SklearnEstimator, fit_sklearn, load_sklearn
from longhaul.estimators.sample import Sample
from longhaul.features.encoder import Encoder

FOLDER = "families"
REQUIRED_NAMES = ("name", "defaults", "space", "estimator")


@dataclass
class CustomFamily:
    """A family declared in a user's file; see `longhaul.estimators.families`.

    Attributes
    ----------
    name : str
    defaults : dict of str to float
    file : Path
    """

    name: str
    defaults: dict[str, float]
    file: Path
    module: ModuleType

    def space(self) -> dict[str, Any]:
        """Return the settings to search, each with its hyperopt expression.

        Raises
        ------
        LonghaulError
            When a setting has no default.
        """
        expressions = dict(self.module.space())
        for name in expressions:
            if name not in self.defaults:
                raise LonghaulError(
                    f"{self.file.name}: space() has a setting {name!r} that is not in defaults;"
                    " add it there"
                )
        return expressions

    def fit(
        self,
        settings: Mapping[str, float],
        encoder: Encoder,
        train: Sample,
        valid: Sample | None,
        seed: int,
        threads: int,
    ) -> SklearnEstimator:
        """Fit the estimator that the file builds; see `longhaul.estimators.families.Family.fit`."""
        task_type = {0: "regression", 2: "binary"}.get(train.classes, "multiclass")
        chosen = {**self.defaults, **settings}
        try:
            model = self.module.estimator(chosen, task_type, encoder.categorical, seed)
            as_float64 = replace(train, matrix=train.matrix.astype(np.float64))
            fitted = fit_sklearn(model, as_float64, threads, _weight_parameter(model))
        except LonghaulError:
            raise
        except Exception as error:  # the user's code may raise anything
            raise LonghaulError(f"{self.file.name}: {self.name}: {_first_line(error)}") from error
        return SklearnEstimator(fitted, train.classes, as_float64=True)

    def load(self, folder: Path, classes: int) -> SklearnEstimator:
        """Read an estimator of this family that was saved in `folder`."""
        trusted = ("numpy.dtype", *getattr(self.module, "trusted", ()))
        return SklearnEstimator(load_sklearn(folder, trusted), classes, as_float64=True)


def load_families(files: Sequence[Path]) -> list[CustomFamily]:
    """Load the families that files declare.

    Raises
    ------
    LonghaulError
        When a file is missing, cannot be run, or lacks a name.
    """
    return [_load(file) for file in files]


def _load(file: Path) -> CustomFamily:
    try:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
    except OSError as error:
        raise LonghaulError(f"families: {file}: cannot be read: {error.strerror}") from None
    spec = importlib.util.spec_from_file_location(f"longhaul_own_{file.stem}_{digest}", file)
    if spec is None or spec.loader is None:
        raise LonghaulError(f"families: {file}: not a Python file; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise LonghaulError(f"families: {file}: {_first_line(error)}") from None
    missing = [name for name in REQUIRED_NAMES if not hasattr(module, name)]
    if missing:
        raise LonghaulError(
            f"families: {file}: does not define {missing[0]!r};"
            f" {', '.join(REQUIRED_NAMES)} are needed"
        )
    return CustomFamily(str(module.name), dict(module.defaults), file, module)


def _weight_parameter(model: Any) -> str:
    """Return the name of `fit`'s weight parameter; a pipeline passes it to its last step."""
    steps = getattr(model, "steps", None)
    return f"{steps[-1][0]}__sample_weight" if steps else "sample_weight"


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0] if text else 'no reason given'}"
