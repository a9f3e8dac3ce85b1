"""Model of a regression model's errors: how far it will be off, row by row.

Direct loss estimation (the name is NannyML's): a second model learns the errors of the first one on
rows that it had not seen, from their features and the prediction.
"""

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Self

import lightgbm
import numpy as np

ROUNDS = 100
# Poisson deviance has its minimum at the mean, and its predictions are positive.
_SETTINGS = {
    "objective": "poisson",
    "learning_rate": 0.05,
    "num_leaves": 8,
    "min_data_in_leaf": 50,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}


@dataclass(frozen=True)
class LossModel:
    """Two models of boosted trees, in LightGBM's text format.

    Attributes
    ----------
    squared, absolute : str
        Of the squared and of the absolute error, in the reference's unit.
    """

    squared: str
    absolute: str

    @classmethod
    def fit(
        cls,
        matrix: np.ndarray,
        prediction: np.ndarray,
        error: np.ndarray,
        categorical: tuple[int, ...],
        seed: int,
    ) -> Self | None:
        """Learn the errors of predictions of rows that the model had not seen.

        Parameters
        ----------
        matrix : ndarray of float32, shape (n, p)
            The encoded rows.
        prediction, error : ndarray of float, shape (n,)
            In the reference's unit.
        categorical : tuple of int
            The columns of categories.
        seed : int

        Returns
        -------
        LossModel or None
            None where there are no errors to learn from.
        """
        if not error.any():
            return None
        features = np.column_stack([matrix, prediction])

        def train(loss: np.ndarray) -> str:
            dataset = lightgbm.Dataset(
                features, loss, categorical_feature=list(categorical), params={"verbosity": -1}
            )
            booster = lightgbm.train({**_SETTINGS, "seed": seed}, dataset, ROUNDS)
            return str(booster.model_to_string())

        return cls(train(error**2), train(np.abs(error)))

    def predict(self, matrix: np.ndarray, prediction: np.ndarray) -> np.ndarray:
        """Return the expected squared and absolute error of rows: float of shape (n, 2)."""
        if not len(matrix):
            return np.zeros((0, 2))
        features = np.column_stack([matrix, prediction])
        expected = [booster.predict(features, num_threads=1) for booster in self._boosters]
        return np.stack(expected, axis=1)

    @cached_property
    def _boosters(self) -> list[lightgbm.Booster]:
        texts = (self.squared, self.absolute)
        return [lightgbm.Booster(model_str=text) for text in texts]

    def __getstate__(self) -> dict[str, Any]:
        """Leave the loaded models out where an engine sends this to its workers."""
        return asdict(self)

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: dict[str, Any] | None) -> Self | None:
        """Restore models from `to_dict`; None where there are none, as in old references."""
        return None if record is None else cls(**record)
