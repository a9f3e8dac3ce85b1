"""What every fitted model can do, and the part that the scikit-learn families share."""

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

FILE = "estimator.skops"
FEW_ROWS = 1000  # up to here, waking threads takes longer than predicting


class Estimator(Protocol):
    """A fitted model of encoded rows."""

    @property
    def iterations(self) -> int | None:
        """Boosting rounds in it; None where a family has no such thing."""

    def scores(self, matrix: np.ndarray) -> np.ndarray:
        """Scores of float32 rows of shape (n, p), as `longhaul.tasks.Task` has them: float64."""

    def contributions(self, matrix: np.ndarray) -> np.ndarray | None:
        """What each column adds to a row's log-odds, or value; shape (n, p), None if not known."""

    def save(self, folder: Path) -> None:
        """Write it into an existing folder, without pickle."""


@dataclass(frozen=True)
class SklearnEstimator:
    """A fitted scikit-learn model, kept in skops' format.

    Attributes
    ----------
    model : sklearn classifier or regressor
        Of outcomes as in a `Sample`.
    classes : int
        As in a `Sample`; the model may have met fewer.
    iterations : int or None
        Boosting rounds in it; None where it has no such thing.
    wide : bool
        Whether it sums up columns: in float64, so that a row alone and a row among many add up to
        the same.
    """

    model: Any
    classes: int = 2
    iterations: int | None = None
    wide: bool = False

    def scores(self, matrix: np.ndarray) -> np.ndarray:
        """Probabilities or values; see `Estimator.scores`."""
        if not len(matrix):
            return np.empty((0, self.classes) if self.classes > 2 else 0)
        matrix = matrix.astype(np.float64) if self.wide else matrix
        with _threadpools().limit(limits=1 if len(matrix) <= FEW_ROWS else None):
            if not self.classes:
                return np.asarray(self.model.predict(matrix), dtype=np.float64)
            found = self.model.predict_proba(matrix).astype(np.float64)
        if self.classes == 2:
            return found[:, 1]
        every = np.zeros((len(matrix), self.classes))  # a class that was never met has no chance
        every[:, self.model.classes_.astype(int)] = found
        return every

    def contributions(self, matrix: np.ndarray) -> None:
        """Not known: these models do not take a prediction apart."""

    def save(self, folder: Path) -> None:
        """Write it into an existing folder, without pickle."""
        import skops.io  # here: with it come all of scikit-learn and more, which take a second

        skops.io.dump(self.model, folder / FILE, compression=ZIP_DEFLATED)


def fit_sklearn(
    model: Any, train: Sample, threads: int, weight: str = "sample_weight", **more: Any
) -> Any:
    """Fit a scikit-learn model on no more than `threads` processors; 0 is all."""
    if train.weight is not None:
        more[weight] = train.weight
    with threadpool_limits(threads or None):
        return model.fit(train.matrix, train.outcome, **more)


def load_sklearn(folder: Path, trusted: Sequence[str]) -> Any:
    """The scikit-learn model saved in `folder`.

    Parameters
    ----------
    trusted : sequence of str
        The types it may be made of, beyond those that skops trusts by itself.

    Raises
    ------
    LonghaulError
        When there are others in the file: it was tampered with.
    """
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        return skops.io.load(folder / FILE, trusted=list(trusted))
    except UntrustedTypesFoundException as error:
        reason = str(error).splitlines()[0]
        raise LonghaulError(f"{folder / FILE}: refused. {reason}") from None


def validate_trees(sound: bool, folder: Path) -> None:
    """Raise a `LonghaulError` that refuses the trees saved in `folder`, unless they are sound."""
    if not sound:
        raise LonghaulError(f"{folder / FILE}: refused. A tree in it leads out of bounds")


@cache
def _threadpools() -> ThreadpoolController:
    """The thread pools of this process; to look for them takes as long as to predict a row."""
    return ThreadpoolController()
