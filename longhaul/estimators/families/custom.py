"""A family of the user's own, declared in a Python file.

The file has four names, and may have a fifth::

    name = "bayes"
    defaults = {"smoothing": 1e-9}  # numbers, by name

    def space():
        from hyperopt import hp  # here, because it is not installed where models are served

        return {"smoothing": hp.loguniform("smoothing", -25, 0)}

    def estimator(settings, kind, categories, seed):
        return make_pipeline(SimpleImputer(), GaussianNB(var_smoothing=settings["smoothing"]))

    trusted = ()  # types that skops does not know by itself

What `estimator` returns has scikit-learn's interface and comes from a library. It is fitted on a
matrix of numbers with NaN where a value is missing; the columns whose places are in `categories`
hold codes. A `kind` that the family cannot do is refused with a ValueError.
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
    """A family whose estimators a file of the user's makes; see `longhaul.estimators.families`.

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
        """The settings worth searching, each with its hyperopt expression.

        Raises
        ------
        LonghaulError
            When it has a setting that the defaults do not have.
        """
        found = dict(self.module.space())
        for name in found:
            if name not in self.defaults:
                raise LonghaulError(f"{self.file.name}: space has {name!r}, but defaults do not")
        return found

    def fit(
        self,
        settings: Mapping[str, float],
        encoder: Encoder,
        train: Sample,
        valid: Sample | None,
        seed: int,
        threads: int,
    ) -> SklearnEstimator:
        """Fit what the file makes; see `longhaul.estimators.families.Family.fit`."""
        kind = {0: "regression", 2: "binary"}.get(train.classes, "multiclass")
        chosen = {**self.defaults, **settings}
        try:
            made = self.module.estimator(chosen, kind, encoder.categorical, seed)
            wide = replace(train, matrix=train.matrix.astype(np.float64))
            fitted = fit_sklearn(made, wide, threads, _weight(made))
        except LonghaulError:
            raise
        except Exception as error:  # whatever the file does wrong
            raise LonghaulError(f"{self.file.name}: {self.name}: {_line(error)}") from error
        return SklearnEstimator(fitted, train.classes, wide=True)

    def load(self, folder: Path, classes: int) -> SklearnEstimator:
        """Read an estimator of this family that was saved in `folder`."""
        trusted = ("numpy.dtype", *getattr(self.module, "trusted", ()))
        return SklearnEstimator(load_sklearn(folder, trusted), classes, wide=True)


def load_families(files: Sequence[Path]) -> list[CustomFamily]:
    """The families that some files declare.

    Raises
    ------
    LonghaulError
        When a file is not there, cannot be run, or lacks a name.
    """
    return [_read(file) for file in files]


def _read(file: Path) -> CustomFamily:
    try:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
    except OSError as error:
        raise LonghaulError(f"families: {file}: cannot be read: {error.strerror}") from None
    spec = importlib.util.spec_from_file_location(f"longhaul_own_{file.stem}_{digest}", file)
    if spec is None or spec.loader is None:
        raise LonghaulError(f"families: {file}: is not a Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise LonghaulError(f"families: {file}: {_line(error)}") from None
    missing = [name for name in REQUIRED_NAMES if not hasattr(module, name)]
    if missing:
        raise LonghaulError(
            f"families: {file}: has no {missing[0]!r}; {', '.join(REQUIRED_NAMES)} are needed"
        )
    return CustomFamily(str(module.name), dict(module.defaults), file, module)


def _weight(made: Any) -> str:
    """How `fit` takes the weights of rows: a pipeline hands them to its last step."""
    steps = getattr(made, "steps", None)
    return f"{steps[-1][0]}__sample_weight" if steps else "sample_weight"


def _line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0] if text else 'no reason given'}"
