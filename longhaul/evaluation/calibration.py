"""Calibration of a model's probabilities, learned on validation."""

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

_NEARLY_SURE = 1e-9  # the log-odds of a certainty are infinite
_NO_PENALTY = 1e6
_STEPS, _NEAR, _FAR = 20, 1e-8, 20.0  # of Newton's method


@dataclass(frozen=True)
class Calibration:
    """Linear map from the log-odds of predictions to the log-odds of outcomes.

    Logistic recalibration (Cox 1958, Two further applications of a model for binary regression,
    Biometrika 45; Platt 1999): two parameters that any number of rows can carry.

    Attributes
    ----------
    intercept, slope : float
        0 and 1 where predictions were calibrated.
    covariance : tuple of tuple of float, 2 by 2
        Of both estimates, from the Fisher information; zeros where nothing was estimated.
    """

    intercept: float = 0.0
    slope: float = 1.0
    covariance: tuple[tuple[float, ...], ...] = ((0.0, 0.0), (0.0, 0.0))

    @classmethod
    def fit(cls, outcome: np.ndarray, probability: np.ndarray) -> Self:
        """Fit a calibration to predictions of rows that the model had not seen.

        Parameters
        ----------
        outcome : ndarray of bool, shape (n,)
            With one class only, nothing is learned and probabilities stay as they are.
        probability : ndarray of float, shape (n,)
        """
        odds = log_odds(probability)
        if not outcome.any() or outcome.all() or np.ptp(odds) == 0:
            return cls()
        design = np.column_stack([np.ones(len(odds)), odds])
        fitted = _newton(design, outcome)
        if fitted is None:  # as where both classes are separated
            regression = LogisticRegression(C=_NO_PENALTY).fit(odds[:, np.newaxis], outcome)
            fitted = np.append(regression.intercept_, regression.coef_)
        intercept, slope = map(float, fitted)
        certain = expit(design @ fitted)
        information = design.T @ (design * (certain * (1 - certain))[:, np.newaxis])
        covariance = np.linalg.pinv(information, hermitian=True)
        return cls(intercept, slope, tuple(map(tuple, covariance.tolist())))

    def apply(self, probability: np.ndarray) -> np.ndarray:
        """Return calibrated probabilities: float of the same shape."""
        return np.asarray(expit(self.intercept + self.slope * log_odds(probability)))

    def draws(self, count: int, generator: np.random.Generator) -> list["Calibration"]:
        """Draw calibrations that the validation rows might as well have given."""
        mean = [self.intercept, self.slope]
        drawn = generator.multivariate_normal(mean, self.covariance, size=count, method="eigh")
        return [Calibration(float(intercept), float(slope)) for intercept, slope in drawn]

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Self:
        """Restore a calibration from `to_dict`."""
        return cls(**{**record, "covariance": tuple(map(tuple, record["covariance"]))})


def _newton(design: np.ndarray, outcome: np.ndarray) -> np.ndarray | None:
    """Maximise the likelihood of intercept and slope by Newton's method; None if it diverges."""
    fitted = np.array([0.0, 1.0])
    for _ in range(_STEPS):
        certain = expit(design @ fitted)
        information = design.T @ (design * (certain * (1 - certain))[:, np.newaxis])
        try:
            step = np.linalg.solve(information, design.T @ (outcome - certain))
        except np.linalg.LinAlgError:
            return None
        if not np.isfinite(step).all() or np.abs(step).max() > _FAR:
            return None
        fitted = fitted + step
        if np.abs(step).max() < _NEAR:
            return fitted
    return None


def log_odds(probability: np.ndarray) -> np.ndarray:
    """Compute the log-odds of probabilities; finite even of certainties."""
    return np.asarray(logit(np.clip(probability, _NEARLY_SURE, 1 - _NEARLY_SURE)))
