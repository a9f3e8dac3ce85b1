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
    outcome : ndarray of bool, shape (n,)
        True for the positive class.
    """

    matrix: np.ndarray
    outcome: np.ndarray
