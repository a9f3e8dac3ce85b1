"""Training data of an estimator: encoded rows and their outcomes."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sample:
    """Encoded rows with known outcomes.

    Attributes
    ----------
    matrix : ndarray of float32, shape (n, p)
        As `longhaul.features.encoder.Encoder.transform` makes it; NaN is a missing value.
    outcome : ndarray of shape (n,)
        As `longhaul.data.labels.outcomes` gives it.
    classes : int
        Number of classes: 2 for bool, k for int; 0 where outcomes are numbers.
    weight : ndarray of float, shape (n,), or None
        Weight of each row; None: all equal.
    """

    matrix: np.ndarray
    outcome: np.ndarray
    classes: int = 2
    weight: np.ndarray | None = None
