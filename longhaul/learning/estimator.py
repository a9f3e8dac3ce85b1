"""What every fitted model can do, and the part that the scikit-learn families share."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from zipfile import ZIP_DEFLATED

import numpy as np
import skops.io
from skops.io.exceptions import UntrustedTypesFoundException
from threadpoolctl import ThreadpoolController, threadpool_limits

from longhaul.errors import LonghaulError
from longhaul.learning.sample import Sample

FILE = "estimator.skops"
FEW_ROWS = 1000  # up to here, waking threads takes longer than predicting


class Estimator(Protocol):
    """A fitted binary classifier on encoded rows."""

    @property
    def iterations(self) -> int | None:
        """Boosting rounds in it; None where a family has no such thing."""

    def probability(self, matrix: np.ndarray) -> np.ndarray:
        """Of the positive class: float64 of shape (n,) for float32 rows of shape (n, p)."""

    def contributions(self, matrix: np.ndarray) -> np.ndarray | None:
        """What each column adds to a row's log-odds, shape (n, p); None where it is not known."""

    def save(self, folder: Path) -> None:
        """Write it into an existing folder, without pickle."""


@dataclass(frozen=True)
class SklearnEstimator:
    """A fitted scikit-learn classifier, kept in skops' format.

    Attributes
    ----------
    model : sklearn classifier
        Of the classes False and True, in this order.
    iterations : int or None
        Boosting rounds in it; None where it has no such thing.
    """

    model: Any
    iterations: int | None = None

    def probability(self, matrix: np.ndarray) -> np.ndarray:
        """Of the positive class: float64 of shape (n,)."""
        if not len(matrix):
            return np.empty(0)
        with _threadpools().limit(limits=1 if len(matrix) <= FEW_ROWS else None):
            return self.model.predict_proba(matrix)[:, 1].astype(np.float64)

    def contributions(self, matrix: np.ndarray) -> None:
        """Not known: these models do not take a prediction apart."""

    def save(self, folder: Path) -> None:
        """Write it into an existing folder, without pickle."""
        skops.io.dump(self.model, folder / FILE, compression=ZIP_DEFLATED)


def fit_sklearn(model: Any, train: Sample, threads: int, **more: Any) -> Any:
    """Fit a scikit-learn classifier on no more than `threads` processors; 0 is all."""
    with threadpool_limits(threads or None):
        return model.fit(train.matrix, train.outcome, **more)


def load_sklearn(folder: Path, trusted: Sequence[str]) -> Any:
    """The scikit-learn classifier saved in `folder`.

    Parameters
    ----------
    trusted : sequence of str
        The types it may be made of, beyond those that skops trusts by itself.

    Raises
    ------
    LonghaulError
        When there are others in the file: it was tampered with.
    """
    try:
        return skops.io.load(folder / FILE, trusted=list(trusted))
    except UntrustedTypesFoundException as error:
        reason = str(error).splitlines()[0]
        raise LonghaulError(f"{folder / FILE}: refused. {reason}") from None


def refuse_unless(sound: bool, folder: Path) -> None:
    """Raise a `LonghaulError` that refuses the trees saved in `folder`, unless they are sound."""
    if not sound:
        raise LonghaulError(f"{folder / FILE}: refused. A tree in it leads out of bounds")


@cache
def _threadpools() -> ThreadpoolController:
    """The thread pools of this process; to look for them takes as long as to predict a row."""
    return ThreadpoolController()
