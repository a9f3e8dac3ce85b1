"""Figures of several classes from counts, against those of the rows themselves."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax

from longhaul.monitoring import cluster_counts, performance
from longhaul.monitoring.class_statistics import ClassStatistics
from longhaul.monitoring.cluster_counts import ClusterCounts
from longhaul.monitoring.scores import Scores
from longhaul.problem import Target
from longhaul.tasks import multiclass
from tests.monitoring import days, monitored

PROBLEM = replace(monitored.problem(), target=Target("kind", "multiclass", classes=("a", "b", "c")))


def world(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, and outcomes of which one in fifty is of no declared class."""
    generator = np.random.default_rng(seed)
    said = softmax(generator.normal(size=(count, 3)), axis=1)
    drawn = generator.uniform(size=(count, 1))
    label = (drawn > np.cumsum(said, axis=1)).sum(axis=1).clip(0, 2)
    return said, np.where(np.arange(count) % 50 == 0, -1, label)


def statistics(said: np.ndarray, label: np.ndarray) -> ClassStatistics:
    return ClassStatistics.of(said, said.argmax(axis=1), label.astype(float))


def test_figures_are_those_of_rows() -> None:
    """All five of them."""
    said, label = world(3000)
    group = (np.arange(3000) % 20).astype(str)
    clusters = ClusterCounts.of(group, lambda rows: statistics(said[rows], label[rows]))
    found, known = performance.realized(clusters, PROBLEM), multiclass.measure(label, said)
    assert set(found) == set(multiclass.metrics)
    for name in set(known) - {"calibration_error"}:  # which is without bias here
        assert found[name].value == pytest.approx(known[name], rel=1e-6), name
        assert found[name].low < found[name].value < found[name].high


def test_they_add_up_and_are_kept(tmp_path: Path) -> None:
    """As JSON, and as a Parquet file."""
    said, label = world(900)
    whole = statistics(said, label)
    total = statistics(said[:400], label[:400]) + statistics(said[400:], label[400:])
    again = ClassStatistics.from_dict(json.loads(json.dumps(whole.to_dict())))
    cluster_counts.write(ClusterCounts({"a": whole, "b": again}), tmp_path / "kept.parquet")
    kept = cluster_counts.read(tmp_path / "kept.parquet").parts["a"]
    for other in (total, again, kept):
        assert (other.outcomes == whole.outcomes).all()
        assert (other.decided.counts == whole.decided.counts).all()
        assert other.losses.products == pytest.approx(whole.losses.products)
    assert (whole.rows, whole.labelled) == (900, 900)


def test_unknown_outcomes_count_as_rows_alone() -> None:
    """Their losses are expected, not realized."""
    said, label = world(100)
    found = statistics(said, np.full(100, np.nan))
    assert (found.rows, found.labelled, found.outcomes.sum()) == (100, 0, 0)
    assert found.losses.expected == pytest.approx(statistics(said, label).losses.expected)


def test_counts_of_numbers_and_of_two_classes_are_kept_too(tmp_path: Path) -> None:
    """In the same kind of file."""
    for clusters in (days.numbers(0), days.binary(*days.rows(0, days=2))):
        cluster_counts.write(clusters, tmp_path / "kept.parquet")
        again = cluster_counts.read(tmp_path / "kept.parquet")
        assert again.parts.keys() == clusters.parts.keys()
        assert again.total.to_dict() == clusters.total.to_dict()


def test_old_references_have_counts_of_the_class_decided_for() -> None:
    """Accuracy and calibration error are still computed, and accuracy is expected."""
    said, label = world(2000)
    sure, right = said.max(axis=1), said.argmax(axis=1) == label
    group = (np.arange(2000) % 20).astype(str)
    every = np.ones(2000, dtype=bool)
    clusters = ClusterCounts.of(group, lambda r: Scores.of(sure[r], every[r], right[r]))
    assert set(performance.realized(clusters, PROBLEM)) == {"accuracy", "calibration_error"}
