"""Several classes, and numbers: from training to an assessed period."""

import json
import pickle
from copy import deepcopy
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest

from longhaul import problem_yaml
from longhaul.data.labels import outcomes
from longhaul.evaluation.scored_rows import score_rows
from longhaul.monitoring import judged_counts
from longhaul.monitoring.assessment import Assessment, Monitor
from longhaul.monitoring.batches import align
from longhaul.monitoring.class_statistics import ClassStatistics
from longhaul.monitoring.observation import Observation, observe
from longhaul.monitoring.reference import Reference
from longhaul.monitoring.scores import Scores
from longhaul.monitoring.serialisation import to_dict
from longhaul.problem import Problem
from longhaul.training import candidate
from longhaul.training.candidate import Candidate
from tests import tables

TARGETS = {
    "numbers": "target: {column: spend, task_type: regression}",
    "several": "target: {column: plan, task_type: multiclass, classes: [basic, family, plus]}",
}


@cache
def table() -> pd.DataFrame:
    """Customers whose spending is the harder to predict, the more they call."""
    frame = tables.churn(rows_per_month=600).drop(columns="churned")
    generator = np.random.default_rng(1)
    noise = generator.normal(size=len(frame)) * (0.5 + frame["calls"])
    return frame.assign(
        spend=frame["calls"] + noise, hint=(frame["plan"] == "plus") + noise.clip(-2, 2)
    )


@cache
def fitted(kind: str) -> tuple[Problem, Candidate]:
    """A model of five months."""
    frame, text = table(), tables.DECLARATION
    declared = text.replace('target: {column: churned, positive: "yes"}', TARGETS[kind])
    declared = declared.replace("slices: [plan]\n", "").replace("min_auc: 0.6, ", "")
    with TemporaryDirectory() as folder:
        problem = problem_yaml.load(tables.declare(Path(folder), frame, declared))
    settings = {"iterations": 40, "learning_rate": 0.1}
    windows = months(5)[:-1], months(5)[-1]
    train, valid = pd.concat(windows[0]), windows[1]
    return problem, candidate.fit(problem, train, valid, "lightgbm", settings, 0, 1)


def months(last: int) -> list[pd.DataFrame]:
    month = table()["day"].dt.month
    return [table()[month == number] for number in range(1, last + 1)]


def reference(kind: str) -> Reference:
    return Reference.from_dict(json.loads(json.dumps(fitted(kind)[1].package.reference)))


def count(kind: str, month: int, kept: Reference, known: bool = True) -> Observation:
    problem, model = fitted(kind)
    predictor, frame = model.package.predictor, months(month)[-1]
    outcome = outcomes(frame, problem.target).astype(float)
    batch = align(
        frame,
        predictor.columns(predictor.scores(frame)),
        outcome if known else np.full(len(frame), np.nan),
        problem,
        np.arange(len(frame)),
    )
    seen = observe([batch], predictor.encoder, kept, problem)
    assert seen is not None
    return seen


def assess(kind: str, kept: Reference) -> Assessment:
    """Assess July without its outcomes, after June was judged."""
    judged = count(kind, 6, kept).clusters
    monitor = Monitor(kept, fitted(kind)[0], {}, judged)
    unlabelled = count(kind, 7, kept, known=False)
    return monitor.assess("2020-07", unlabelled, [monitor.realized("2020-07", unlabelled)])


@pytest.mark.parametrize(
    ("kind", "expected", "rule"),
    [
        ("numbers", {"rmse", "mae", "r2"}, "expected R²"),
        ("several", {"accuracy", "log_loss", "brier"}, "expected accuracy"),
    ],
)
def test_performance_is_expected_and_holds(kind: str, expected: set[str], rule: str) -> None:
    """Each figure has an interval, and July has what was expected, or nearly."""
    kept = reference(kind)
    found = assess(kind, kept)
    assert set(found.expected) == expected
    (judged,) = [one for one in found.decision.rules if one.name == rule]
    assert "without outcomes" in judged.reason
    seen = count(kind, 7, kept)
    realized = Monitor(kept, fitted(kind)[0], {}).realized("2020-07", seen).realized.figures
    for name, interval in found.expected.items():
        assert interval.low < interval.value < interval.high
        assert abs(realized[name].value - interval.value) < 2.5 * interval.error, name
    json.dumps(to_dict(found), allow_nan=False)


@pytest.mark.parametrize("kind", ["numbers", "several"])
def test_the_judged_window_is_counted_as_a_period_is(kind: str) -> None:
    """What `evaluate` keeps of June is what monitoring would count of it."""
    problem, model = fitted(kind)
    rows = score_rows(problem, months(6)[-1], model.package.predictor)
    judged = judged_counts.count(rows, model.package).clusters
    seen = count(kind, 6, reference(kind)).clusters
    assert judged.parts.keys() == seen.parts.keys()
    for name, part in judged.parts.items():
        assert part.to_dict() == seen.parts[name].to_dict()


def test_errors_are_expected_where_they_are() -> None:
    """Rows with many calls are harder, and the second model knows; it travels to workers."""
    kept = pickle.loads(pickle.dumps(reference("numbers")))
    frame = months(7)[-1]
    model = fitted("numbers")[1].package.predictor
    losses = kept.expected_losses(model.encoder.transform(frame), model.scores(frame))
    many = (frame["calls"] > 4).to_numpy()
    assert losses[many].mean(axis=0).min() > 1.5 * losses[~many].mean(axis=0).min()
    assert (losses > 0).all()


def test_training_again_learns_the_same_errors() -> None:
    """To the last digit."""
    first = fitted("numbers")[1].package.reference["loss_model"]
    fitted.cache_clear()
    assert fitted("numbers")[1].package.reference["loss_model"] == first


def test_references_made_before_are_still_read() -> None:
    """Numbers without a model of errors; several classes by the class decided for."""
    numbers = deepcopy(fitted("numbers")[1].package.reference)
    del numbers["loss_model"], numbers["valid"]["losses"]
    found = assess("numbers", Reference.from_dict(numbers))
    assert found.expected == {}
    (rule,) = [one for one in found.decision.rules if one.name == "expected R²"]
    assert "not available" in rule.reason
    several = deepcopy(fitted("several")[1].package.reference)
    several["valid"] = several["valid"]["decided"]
    kept = Reference.from_dict(several)
    assert isinstance(kept.valid, Scores)
    assert set(assess("several", kept).expected) == {"accuracy"}
    assert isinstance(reference("several").valid, ClassStatistics)
