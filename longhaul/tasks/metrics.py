"""Metrics of predicted probabilities against outcomes."""

import numpy as np
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    log_loss,
    roc_auc_score,
)

from longhaul.errors import LonghaulError

BINS = 20
BIN_ROWS = 25  # with fewer rows, a bin's share of positives is mostly chance


def measure(outcome: np.ndarray, probability: np.ndarray) -> dict[str, float]:
    """Measure discrimination, accuracy and calibration of predicted probabilities.

    Parameters
    ----------
    outcome : ndarray of bool, shape (n,)
    probability : ndarray of float, shape (n,)
        Of the positive class.

    Returns
    -------
    dict
        `auc`, `average_precision`, `log_loss` (nats), `brier` and `calibration_error`; all NaN
        where there are no rows, the first two where there is one class only.

    Raises
    ------
    LonghaulError
        When a probability is not a number from 0 to 1.
    """
    require_probabilities(probability)
    if not len(outcome):
        names = ("auc", "average_precision", "log_loss", "brier", "calibration_error")
        return dict.fromkeys(names, float("nan"))
    both = bool(outcome.any() and not outcome.all())
    return {
        "auc": float(roc_auc_score(outcome, probability)) if both else float("nan"),
        "average_precision": (
            float(average_precision_score(outcome, probability)) if both else float("nan")
        ),
        "log_loss": float(log_loss(outcome, probability, labels=[False, True])),
        "brier": float(brier_score_loss(outcome, probability, pos_label=True)),
        "calibration_error": calibration_error(outcome, probability),
    }


def calibration_bins(rows: int) -> int:
    """Return the number of equal-mass bins to measure calibration with."""
    return min(BINS, max(1, rows // BIN_ROWS))


def calibration_error(outcome: np.ndarray, probability: np.ndarray, bins: int = 0) -> float:
    """Compute the expected calibration error over bins of equal mass.

    The mean distance, weighted by rows, between a bin's mean probability and its share of
    positives (Naeini, Cooper and Hauskrecht 2015, with the adaptive bins of Nguyen and O'Connor
    2015). Probabilities that are equal share a bin.

    Parameters
    ----------
    outcome : ndarray of bool, shape (n,)
    probability : ndarray of float, shape (n,)
    bins : int
        The highest number of bins; 0: as many as the rows can carry, see `calibration_bins`.

    Returns
    -------
    float
        From 0 (calibrated) to 1.
    """
    order = np.argsort(probability, kind="stable")
    values = probability[order]
    gap = values - outcome[order]
    bins = bins or calibration_bins(len(values))
    cuts = np.linspace(0, len(values), bins + 1).astype(int)[1:-1]
    starts = np.unique(np.concatenate([[0], np.searchsorted(values, values[cuts], side="left")]))
    return float(np.abs(np.add.reduceat(gap, starts)).sum() / len(values))


def require_probabilities(probability: np.ndarray) -> None:
    """Raise a `LonghaulError` unless every value is a number from 0 to 1."""
    bad = ~((probability >= 0) & (probability <= 1))
    if bad.any():
        first = int(np.argmax(bad))
        raise LonghaulError(
            f"{int(bad.sum())} of {len(probability)} predictions are not probabilities, the first"
            f" ({probability[first]}) in row {first}"
        )
