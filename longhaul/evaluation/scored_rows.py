"""Evaluation of a candidate on the rows of the test window: decisions, evidence and record."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd

from longhaul.data import clusters, periods
from longhaul.data.labels import outcomes
from longhaul.evaluation.decisions import baseline_metrics, decision_metrics
from longhaul.evaluation.gate import ChampionComparison, GateEvidence, GateVerdict
from longhaul.evaluation.intervals import Interval, improvement
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
    champion: Package | None,
    metrics: Mapping[str, Interval],
    seed: int,
) -> GateEvidence:
    """Gather the evidence that the gate needs; the champion predicts the same rows."""
    labels = periods.of(rows.frame, rows.problem)
    task_type = rows.problem.target.task_type
    return GateEvidence(
        rows=len(rows.frame),
        positives=int(rows.outcome.sum()) if task_type == "binary" else 0,
        window=[labels.min(), labels.max()],
        windows=candidate.windows,
        metrics=metrics,
        champion=_compare(rows, champion, seed) if champion else None,
        task_type=task_type,
        distinct=len(np.unique(rows.outcome)),
    )


def name_metrics(
    metrics: Mapping[str, Interval], decisions: Mapping[str, float], evidence: GateEvidence
) -> dict[str, float]:
    """Name all finite metrics test_…, with the bounds of the improvement over the champion."""
    values = {name: interval.value for name, interval in metrics.items()}
    values |= {**decisions, "rows": float(evidence.rows)}
    if evidence.champion:
        bounds = asdict(evidence.champion.improvement)
        values |= {f"improvement_{name}": bound for name, bound in bounds.items()}
    return {f"test_{name}": value for name, value in values.items() if isfinite(value)}


def verdict_to_dict(verdict: GateVerdict, evidence: GateEvidence) -> dict[str, Any]:
    """Convert checks, metrics and windows for verdict.json."""
    champion = evidence.champion
    return {
        "passed": verdict.passed,
        "checks": [asdict(check) for check in verdict.checks],
        "metrics": {name: asdict(interval) for name, interval in evidence.metrics.items()},
        "improvement": asdict(champion.improvement) if champion else None,
        "champion_metrics": replace_non_finite(dict(champion.metrics)) if champion else None,
        "rows": evidence.rows,
        "windows": {
            "test": list(evidence.window),
            "candidate": evidence.windows,
            "champion": champion.windows if champion else None,
        },
    }


def summarize(task: Task, metrics: Mapping[str, Interval], verdict: GateVerdict) -> str:
    """Return the headline: primary metric with its interval, loss and verdict."""
    primary, loss = metrics[task.primary_metric], metrics[task.loss]
    interval = f"[{primary.low:.3f}, {primary.high:.3f}]"
    return (
        f"test {display_name(task.primary_metric)} {primary.value:.3f} {interval},"
        f" {display_name(task.loss)} {loss.value:.4g}: "
        + ("passed" if verdict.passed else f"refused: {verdict.refusal}")
    )


def _compare(rows: ScoredRows, champion: Package, seed: int) -> ChampionComparison:
    scores, confidence = champion.predictor.scores(rows.frame), rows.problem.gate.confidence
    gains = improvement(rows.task, rows.outcome, scores, rows.scores, rows.clusters)
    return ChampionComparison(
        champion.windows,
        gains.interval(confidence),
        rows.task.measure(rows.outcome, scores),
    )
