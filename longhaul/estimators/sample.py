"""What an estimator learns from: encoded rows and their outcomes."""

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
        How many there are to tell apart: 2 of bool, k of int; 0 where outcomes are numbers.
    weight : ndarray of float, shape (n,), or None
        How much each row counts; None: all the same.
    """

    matrix: np.ndarray
    outcome: np.ndarray
    classes: int = 2
    weight: np.ndarray | None = None
