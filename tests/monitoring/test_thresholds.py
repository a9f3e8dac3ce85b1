"""Judging a distance by those between the periods of the reference."""

import numpy as np
import pytest

from longhaul.monitoring.chance import Chance, ChiSquare, Normal
from longhaul.monitoring.thresholds import Distance, DriftThresholds

ROWS = 25_000


def rejected(name: str, distances: np.ndarray, chance: Chance, level: float) -> float:
    """Share of trials whose last period exceeds its limit; one trial a row, of k + 1 periods."""
    thresholds = DriftThresholds(distances.shape[1] - 1, level, learned=True)
    judged = [thresholds.judge(Distance(name, row[-1], row[:-1], chance), 1) for row in distances]
    return float(np.mean([measure.value > measure.limit for measure in judged]))


@pytest.mark.parametrize("periods", [3, 5, 12])
def test_a_divergence_rejects_at_its_rate(periods: int) -> None:
    """It is the square of an effect: taken for one, it would reject ten times as often."""
    generator = np.random.default_rng(periods)
    effects = generator.normal(size=(5000, periods + 1))
    past, new = effects[:, :-1], effects[:, -1:]
    others = (past.sum(1, keepdims=True) - past) / (periods - 1)
    distances = np.hstack([past - others, new - past.mean(1, keepdims=True)]) ** 2
    none = ChiSquare(1e-9, 1, root=False)
    assert rejected("psi", distances, none, 0.01) == pytest.approx(0.01, abs=0.005)


def test_a_divergence_of_chance_alone_leaves_small_ones_to_see() -> None:
    """Fifty bins of 25,000 rows: chance never exceeds the limit, and a psi of 0.08 does."""
    generator = np.random.default_rng(0)
    chance = ChiSquare(1 / ROWS, 49, root=False)
    distances = generator.chisquare(49, (500, 6)) / ROWS
    assert rejected("psi", distances, chance, 0.0004) == 0
    distances[:, -1] += 0.08
    assert rejected("psi", distances, chance, 0.0004) == 1


def test_a_share_out_of_range_must_exceed_the_largest_of_the_reference() -> None:
    """A lone storm among many calm periods is a precedent, however small their mean square."""
    calm_but_one = np.array([0.0] * 399 + [0.3])
    thresholds = DriftThresholds(400, 0.05, learned=True)
    for value, drifted in ((0.29, False), (0.31, True)):
        distance = Distance("out_of_range", value, calm_but_one, Normal(1e-9))
        measure = thresholds.judge(distance, 1)
        assert (value > measure.limit) == drifted
        assert (measure.p < 0.05) == drifted
