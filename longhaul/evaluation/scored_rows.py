"""Evaluation of a candidate on the rows of the test window: decisions, evidence and record."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd

from longhaul.data import clusters, periods
from longhaul.data.labels import outcomes
from longhaul.evaluation import comparison
from longhaul.evaluation.comparison import Comparison
from longhaul.evaluation.decisions import baseline_metrics, decision_metrics
from longhaul.evaluation.gate import ChampionComparison, GateEvidence, GateVerdict
from longhaul.evaluation.intervals import Interval
from longhaul.json_values import replace_non_finite
from longhaul.model.package import Package
from longhaul.model.predictor import Predictor
from longhaul.problem import Problem
from longhaul.tasks import Task, display_name


@dataclass(frozen=True)
class ScoredRows:
    """The rows of the test window with the candidate's scores."""

    problem: Problem
    task: Task
    frame: pd.DataFrame
    outcome: np.ndarray
    scores: np.ndarray
    threshold: float
    clusters: np.ndarray

    @property
    def varied(self) -> bool:
        """Return whether there are several different outcomes."""
        return len(np.unique(self.outcome)) > 1


def score_rows(problem: Problem, frame: pd.DataFrame, predictor: Predictor) -> ScoredRows:
    """Score the rows of the test window."""
    return ScoredRows(
        problem=problem,
        task=predictor.task,
        frame=frame,
        outcome=outcomes(frame, problem.target),
        scores=predictor.scores(frame),
        threshold=predictor.threshold,
        clusters=clusters.of(frame, problem),
    )


def judge_decisions(rows: ScoredRows) -> dict[str, float]:
    """Return the metrics of decisions between two classes, or else of the simplest rule."""
    if rows.problem.target.task_type == "binary":
        return decision_metrics(rows.outcome, rows.scores, rows.threshold, rows.problem.costs)
    return baseline_metrics(rows.task, rows.outcome)


def gather_evidence(
    rows: ScoredRows,
    candidate: Package,
    metrics: Mapping[str, Interval],
    champion: Package | None = None,
    earlier: Comparison | None = None,
) -> GateEvidence:
    """Gather the evidence that the gate needs; the champion predicts the same rows.

    Parameters
    ----------
    rows : ScoredRows
        Scored by the candidate.
    candidate : Package
    metrics : mapping of str to Interval
        Its metrics.
    champion : Package or None
    earlier : Comparison or None
        Gains of earlier looks, to be added.
    """
    labels = periods.of(rows.frame, rows.problem)
    window = [labels.min(), labels.max()]
    task_type = rows.problem.target.task_type
    return GateEvidence(
        rows=len(rows.frame),
        positives=int(rows.outcome.sum()) if task_type == "binary" else 0,
        window=window,
        windows=candidate.windows,
        metrics=metrics,
        champion=_compare(rows, champion, earlier, window) if champion else None,
        task_type=task_type,
        distinct=len(np.unique(rows.outcome)),
        clusters=len(np.unique(rows.clusters)),
        unit=clusters.describe_unit(rows.problem),
    )


def name_metrics(
    metrics: Mapping[str, Interval], decisions: Mapping[str, float], evidence: GateEvidence
) -> dict[str, float]:
    """Name all finite metrics test_…, with the bounds of the improvement over the champion."""
    values = {name: interval.value for name, interval in metrics.items()}
    values |= {**decisions, "rows": float(evidence.rows), "clusters": float(evidence.clusters)}
    if champion := evidence.champion:
        gains = {"improvement": champion.improvement, "improvement_raw": champion.raw}
        for prefix, gain in gains.items():
            bounds = asdict(gain) if gain else {}
            values |= {f"{prefix}_{name}": bound for name, bound in bounds.items()}
    return {f"test_{name}": value for name, value in values.items() if isfinite(value)}


def verdict_to_dict(verdict: GateVerdict, evidence: GateEvidence) -> dict[str, Any]:
    """Convert checks, metrics and windows for verdict.json."""
    champion = evidence.champion
    compared = champion.comparison.to_dict() if champion and champion.comparison else {}
    return {
        "passed": verdict.passed,
        "outcome": verdict.outcome,
        "refusal": verdict.refusal,
        "checks": [asdict(check) for check in verdict.checks],
        "cluster": {"unit": evidence.unit, "count": evidence.clusters},
        "metrics": {name: asdict(interval) for name, interval in evidence.metrics.items()},
        "improvement": asdict(champion.improvement) if champion else None,
        "improvement_raw": asdict(champion.raw) if champion and champion.raw else None,
        "look": champion.look if champion else None,
        **compared,
        "champion_metrics": replace_non_finite(dict(champion.metrics)) if champion else None,
        "rows": evidence.rows,
        "windows": {
            "test": list(evidence.window),
            "candidate": evidence.windows,
            "champion": champion.windows if champion else None,
        },
    }


def summarize(task: Task, evidence: GateEvidence, verdict: GateVerdict) -> str:
    """Return the headline: primary metric with its interval and clusters, loss and verdict."""
    primary, loss = evidence.metrics[task.primary_metric], evidence.metrics[task.loss]
    return (
        f"test {display_name(task.primary_metric)} {primary.value:.3f}"
        f" [{primary.low:.3f}, {primary.high:.3f}] over {evidence.clusters:,} {evidence.unit},"
        f" {display_name(task.loss)} {loss.value:.4g}: {_ANSWERS[verdict.outcome]}"
        + (f": {verdict.refusal}" if verdict.refusal else "")
    )


_ANSWERS = {"promote": "passed", "refuse": "refused", "undecided": "undecided"}


def _compare(
    rows: ScoredRows, champion: Package, earlier: Comparison | None, window: list[str]
) -> ChampionComparison:
    scores = champion.predictor.scores(rows.frame)
    compared = comparison.compare(
        rows.task, rows.outcome, scores, rows.scores, rows.clusters, tuple(window)
    )
    total = earlier + compared if earlier else compared
    gain, raw = comparison.both(total, rows.problem.gate)
    return ChampionComparison(
        champion.windows,
        gain,
        rows.task.measure(rows.outcome, scores),
        raw if rows.problem.target.task_type == "binary" else None,
        total.looks,
        total,
    )
