"""Performance with outcomes, and what may be expected without them."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from longhaul.data.clusters import GROUPS
from longhaul.evaluation.calibration import Calibration
from longhaul.evaluation.intervals import intervals
from longhaul.evaluation.threshold import mean_cost
from longhaul.monitoring import performance, recalibration
from longhaul.monitoring.cluster_counts import ClusterCounts
from longhaul.monitoring.estimation import probabilities
from longhaul.monitoring.performance import Figures
from longhaul.monitoring.scores import UNKNOWN, Scores
from longhaul.problem import Costs, Problem, Target
from longhaul.tasks import binary
from longhaul.tasks.metrics import measure
from tests.monitoring import days, monitored

COSTS = Costs(1.0, 3.0)
PROBLEM = replace(monitored.problem(), costs=COSTS)
SEVERAL = replace(PROBLEM, target=Target("kind", "multiclass", classes=("a", "b", "c")))
NUMBERS = replace(PROBLEM, target=Target("size", "regression"))
NONE: ClusterCounts[Any] = ClusterCounts()
THRESHOLD = days.THRESHOLD


def world(count: int, seed: int, centre: float = -1.0, spread: float = 1.2, shift: float = 0.0):
    """A model's probabilities, which overstate all log-odds by a quarter, and outcomes.

    With ``shift`` the outcomes no longer follow the probabilities as they did.
    """
    generator = np.random.default_rng(seed)
    true = generator.normal(centre, spread, count)
    outcome = generator.uniform(size=count) < expit(true + shift)
    return outcome, expit(1.25 * true)


def counts(outcome: np.ndarray | None, probability: np.ndarray) -> ClusterCounts[Scores]:
    """Rows in random groups."""
    label = np.full(len(probability), UNKNOWN) if outcome is None else outcome
    return days.binary(label, probability, groups(len(probability)))


def groups(count: int) -> np.ndarray:
    return np.char.add("group ", (np.arange(count) % GROUPS).astype(str))


def expect(clusters: ClusterCounts[Any], calibration: Calibration) -> Figures:
    return performance.expected(clusters, calibration, NONE, PROBLEM)


def truth(outcome: np.ndarray, probability: np.ndarray) -> dict[str, float]:
    known = measure(outcome, probability)
    return {**known, "cost": mean_cost(outcome, probability >= THRESHOLD, COSTS)}


@pytest.mark.parametrize("moved", [{}, {"centre": -2.0}, {"centre": 0.5, "spread": 0.7}])
def test_expectations_meet_a_known_truth(moved: dict[str, float]) -> None:
    """Features drift, the relation does not: what is expected is what very many rows show."""
    calibration = Calibration.fit(*world(40_000, 1))
    outcome, probability = world(250_000, 2, **moved)
    found = expect(counts(None, probability), calibration)
    known = truth(outcome, probability)
    assert set(found) == set(known) - {"calibration_error"}
    for name, one in found.items():
        assert one.value == pytest.approx(known[name], rel=0.02), name


def hits(problem: Problem, draw: Callable[[int], ClusterCounts[Any]], trials: int) -> Counter[str]:
    """How often the realized metric lies in the interval that was expected."""
    counted: Counter[str] = Counter()
    for seed in range(trials):
        judged, period = draw(seed), draw(10_000 + seed)
        calibration = recalibration.fit(probabilities(judged))
        expected = performance.expected(period, calibration, judged, problem)
        realized = performance.realized(period, problem)
        for name, one in expected.items():
            counted[name] += one.low <= realized[name].value <= one.high
    return counted


KINDS = pytest.mark.parametrize(
    ("problem", "draw", "names"),
    [
        (
            PROBLEM,
            lambda seed: days.binary(*days.rows(seed, count=300)),
            {"auc", "average_precision", "log_loss", "brier", "cost"},
        ),
        (SEVERAL, days.classes, {"accuracy", "log_loss", "brier"}),
        (NUMBERS, days.numbers, {"rmse", "mae", "r2"}),
    ],
    ids=["two classes", "several", "numbers"],
)


@KINDS
def test_an_interval_holds_what_is_realized(
    problem: Problem, draw: Callable[[int], ClusterCounts[Any]], names: set[str]
) -> None:
    """Of three periods with days of their own level, in two at least, whatever the metric."""
    counted = hits(problem, draw, 3)
    assert set(counted) == names
    assert min(counted.values()) >= 2


@pytest.mark.slow
@KINDS
def test_intervals_hold_what_is_realized_though_days_differ(
    problem: Problem, draw: Callable[[int], ClusterCounts[Any]], names: set[str]
) -> None:
    """Of 60 periods with days of their own level, some 95%; `benchmarks.coverage` has more."""
    counted = hits(problem, draw, 60)
    assert set(counted) == names
    for name, count in counted.items():
        assert count >= 51, f"{name}: {count} of 60"  # 95% less four standard errors


def test_days_widen_the_interval_of_the_level_more_than_of_the_order() -> None:
    """What all rows of a day share moves the loss, and hardly the AUC."""
    calm, moving = (
        expect(days.binary(*days.rows(1, level=level)), Calibration.fit(*days.rows(0, level=level)))
        for level in (0.0, 0.4)
    )
    assert moving["log_loss"].error > 2 * calm["log_loss"].error
    assert moving["auc"].error < 1.3 * calm["auc"].error


def test_bounds_need_clusters_to_be_calibrated_on() -> None:
    """From nine days, the value alone."""
    calibration = Calibration.fit(*days.rows(0, days=9))
    found = expect(days.binary(*days.rows(1)), calibration)
    assert np.isfinite(found["auc"].value)
    assert np.isnan([found["auc"].low, found["auc"].high]).all()


def test_one_day_has_an_expectation_though_no_realized_interval() -> None:
    """The spread of its level is known from earlier days."""
    period = days.binary(*days.rows(1, days=1))
    found = expect(period, Calibration.fit(*days.rows(0)))
    assert np.isfinite([found["auc"].low, found["auc"].high]).all()
    assert np.isnan(performance.realized(period, PROBLEM)["auc"].low)


def test_a_changed_relation_does_not_show() -> None:
    """That is the assumption, said beside every figure; and the error is told when it is known."""
    calibration = Calibration.fit(*world(40_000, 1))
    outcome, probability = world(40_000, 2, shift=1.0)
    before = expect(counts(None, probability), calibration)
    real = performance.realized(counts(outcome, probability), PROBLEM)
    errors = performance.estimate_errors(before, real)
    assert before["log_loss"].high < real["log_loss"].low
    assert errors["log_loss"] == before["log_loss"].value - real["log_loss"].value < 0
    assert "relation" in performance.ASSUMPTION


def test_realized_intervals_are_those_of_the_rows() -> None:
    """Counts by cell are as good as rows: values and widths agree."""
    outcome, probability = world(3000, 3)
    found = performance.realized(counts(outcome, probability), PROBLEM)
    known = intervals(binary, outcome, probability, groups(3000), 0.95)
    for name, one in known.items():
        assert found[name].value == pytest.approx(one.value, abs=4e-3)
        width = one.high - one.low
        assert found[name].high - found[name].low == pytest.approx(width, rel=0.3, abs=2e-3), name


def test_only_known_outcomes_count() -> None:
    """Rows without one change nothing of what was realized."""
    outcome, probability = world(2000, 4)
    coded = outcome.astype(int)
    coded[1000:] = UNKNOWN
    found = performance.realized(counts(coded, probability), PROBLEM)
    auc = roc_auc_score(outcome[:1000], probability[:1000])
    assert found["auc"].value == pytest.approx(auc, abs=2e-3)


def test_nothing_is_known_of_nothing() -> None:
    """No predictions, or no outcomes: no figures; one class: no AUC."""
    none = np.array([])
    assert expect(counts(None, none), Calibration()) == {}
    assert expect(NONE, Calibration()) == {}
    assert performance.realized(counts(None, np.array([0.2])), PROBLEM) == {}
    alike = performance.realized(counts(np.zeros(50, bool), np.full(50, 0.2)), PROBLEM)
    assert np.isnan(alike["auc"].value)
    assert alike["brier"].value == pytest.approx(0.04)
