"""The interface of fitted models, and the one that the scikit-learn families share."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from zipfile import ZIP_DEFLATED

import numpy as np
from threadpoolctl import ThreadpoolController, threadpool_limits

from longhaul.errors import LonghaulError
from longhaul.estimators.sample import Sample
from longhaul.estimators.threads import most_threads

FILE = "estimator.skops"
FEW_ROWS = 1000  # up to here, waking threads takes longer than predicting


class Estimator(Protocol):
    """A fitted model of encoded rows."""

    @property
    def iterations(self) -> int | None:
        """Number of boosting rounds; None where a family has no rounds."""

    def scores(self, matrix: np.ndarray) -> np.ndarray:
        """Return float64 scores, as `longhaul.tasks.Task` defines them, of float32 rows (n, p)."""

    def contributions(self, matrix: np.ndarray) -> np.ndarray | None:
        """Return each column's part of a row's log-odds or value: (n, p); None if unavailable."""

    def save(self, folder: Path) -> None:
        """Write the estimator into an existing folder, without pickle."""


@dataclass(frozen=True)
class SklearnEstimator:
    """A fitted scikit-learn model, saved in skops' format.

    Attributes
    ----------
    model : sklearn classifier or regressor
        Fitted on the outcomes of a `Sample`.
    classes : int
        As in a `Sample`; the training rows may have had fewer.
    iterations : int or None
        Number of boosting rounds; None where it has no rounds.
    as_float64 : bool
        Predict from float64 instead of float32: a model that sums over columns then gives a row the
        same score alone and in a batch.
    """

    model: Any
    classes: int = 2
    iterations: int | None = None
    as_float64: bool = False

    def scores(self, matrix: np.ndarray) -> np.ndarray:
        """Return probabilities or values; see `Estimator.scores`."""
        if not len(matrix):
            return np.empty((0, self.classes) if self.classes > 2 else 0)
        matrix = matrix.astype(np.float64) if self.as_float64 else matrix
        with _threadpools().limit(limits=1 if len(matrix) <= FEW_ROWS else most_threads() or None):
            if not self.classes:
                return np.asarray(self.model.predict(matrix), dtype=np.float64)
            probabilities = self.model.predict_proba(matrix).astype(np.float64)
        if self.classes == 2:
            return probabilities[:, 1]
        scores = np.zeros((len(matrix), self.classes))  # 0 for classes without training rows
        scores[:, self.model.classes_.astype(int)] = probabilities
        return scores

    def contributions(self, matrix: np.ndarray) -> None:
        """Return None: these models do not attribute a prediction to its columns."""

    def save(self, folder: Path) -> None:
        """Write the estimator into an existing folder, without pickle."""
        import skops.io  # imported here: it takes a second

        skops.io.dump(self.model, folder / FILE, compression=ZIP_DEFLATED)


def fit_sklearn(
    model: Any, train: Sample, threads: int, weight: str = "sample_weight", **fit_params: Any
) -> Any:
    """Fit a scikit-learn model on at most `threads` processors; 0 uses all."""
    if train.weight is not None:
        fit_params[weight] = train.weight
    with threadpool_limits(threads or None):
        return model.fit(train.matrix, train.outcome, **fit_params)


def load_sklearn(folder: Path, trusted: Sequence[str]) -> Any:
    """Load the scikit-learn model saved in `folder`.

    Parameters
    ----------
    trusted : sequence of str
        Types allowed in the file, beyond those that skops trusts by itself.

    Raises
    ------
    LonghaulError
        When the file holds other types: it may have been tampered with.
    """
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        return skops.io.load(folder / FILE, trusted=list(trusted))
    except UntrustedTypesFoundException as error:
        reason = str(error).splitlines()[0]
        raise LonghaulError(f"{folder / FILE}: refused to load. {reason}") from None


def validate_trees(valid: bool, folder: Path) -> None:
    """Refuse the trees saved in `folder` unless they are valid.

    Raises
    ------
    LonghaulError
    """
    if not valid:
        raise LonghaulError(
            f"{folder / FILE}: refused to load. A tree in it has nodes or columns out of bounds;"
            " the file was damaged or tampered with"
        )


@cache
def _threadpools() -> ThreadpoolController:
    """Return this process's thread pools; finding them takes as long as predicting a row."""
    return ThreadpoolController()
