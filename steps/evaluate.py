"""Read the test window once: figures, pictures, and the gate's verdict."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from longhaul.data.labels import outcomes
from longhaul.data.periods import of
from longhaul.data.split import Split
from longhaul.evaluation import gate
from longhaul.evaluation.attributions import attributions
from longhaul.evaluation.decisions import baseline_metrics, decision_metrics
from longhaul.evaluation.intervals import Interval, improvement, intervals
from longhaul.evaluation.slices import slices
from longhaul.json_values import replace_non_finite
from longhaul.model.package import Package
from longhaul.pipeline.parameters import Seed
from longhaul.pipeline.step import step
from longhaul.plots import breakdown, classes, curves, numbers
from longhaul.problem import Problem
from longhaul.registry.model_uri import resolve_model
from longhaul.tasks import Task, display_name
from longhaul.tracking import artifacts, datasets, logged_models


@dataclass(frozen=True)
class Test:
    """The test window, and what the candidate says of its rows."""

    problem: Problem
    task: Task
    frame: pd.DataFrame
    outcome: np.ndarray
    scores: np.ndarray
    threshold: float

    @property
    def varied(self) -> bool:
        """Whether there is something to tell apart."""
        return len(np.unique(self.outcome)) > 1


@step
def evaluate(candidate: str, split: str, champion: str, seed: Seed) -> str:
    """Judge a candidate on the test window, against the champion if there is one."""
    folder = artifacts.fetch(split)
    problem = Split(folder).problem
    package = logged_models.load_for(candidate, problem)
    champion = resolve_model(champion).uri if champion else ""  # an alias may move on
    rival = logged_models.load_for(champion, problem) if champion else None
    test = _read(folder, problem, package)
    digest = datasets.digest(test.frame)
    datasets.log(test.frame, f"{test.problem.name}-test", split, digest, context="test")

    confidence = test.problem.gate.confidence
    metrics = intervals(test.task, test.outcome, test.scores, confidence, seed)
    evidence = _evidence(test, package, rival, metrics, seed)
    verdict = gate.judge(test.problem.gate, evidence)
    decisions = _decisions(test)
    _log_metrics(metrics, decisions, evidence)
    if test.varied:
        _describe(test, package, metrics[test.task.primary_metric].value, seed)
    record = {
        "title": f"{test.problem.name}: {package.predictor.family}",
        "kind": test.problem.target.task_type,
        "passed": verdict.passed,
        "candidate": candidate,
        "champion": champion or None,
        **_record(verdict, evidence),
        "decisions": decisions,
        "threshold": test.threshold,
    }
    mlflow.log_dict(replace_non_finite(record), "verdict.json")
    return _headline(test.task, metrics, verdict)


def _read(folder: Path, problem: Problem, package: Package) -> Test:
    frame = Split(folder).read("test")
    predictor, outcome = package.predictor, outcomes(frame, problem.target)
    scores = predictor.scores(frame)
    return Test(problem, predictor.task, frame, outcome, scores, predictor.threshold)


def _decisions(test: Test) -> dict[str, float]:
    """What decisions between two classes are worth; what simpler rules would be, for others."""
    if test.problem.target.task_type == "binary":
        return decision_metrics(test.outcome, test.scores, test.threshold, test.problem.costs)
    return baseline_metrics(test.task, test.outcome)


def _evidence(
    test: Test, package: Package, rival: Package | None, metrics: dict[str, Interval], seed: int
) -> gate.GateEvidence:
    """What the gate asks for; the champion predicts the very same rows."""
    periods = of(test.frame, test.problem)
    against = None
    if rival is not None:
        champion = rival.predictor.scores(test.frame)
        confidence = test.problem.gate.confidence
        better = improvement(test.task, test.outcome, champion, test.scores, confidence, seed)
        against = gate.ChampionComparison(rival.windows, better, test.task.measure(test.outcome, champion))
    return gate.GateEvidence(
        rows=len(test.frame),
        positives=int(test.outcome.sum()) if test.problem.target.task_type == "binary" else 0,
        window=[periods.min(), periods.max()],
        windows=package.windows,
        metrics=metrics,
        rival=against,
        kind=test.problem.target.task_type,
        distinct=len(np.unique(test.outcome)),
    )


def _log_metrics(
    metrics: dict[str, Interval], decisions: dict[str, float], evidence: gate.GateEvidence
) -> None:
    """Log what is known as test_…, with the bounds of the improvement over the champion."""
    figures = {name: interval.value for name, interval in metrics.items()}
    figures |= {**decisions, "rows": float(evidence.rows)}
    if evidence.rival:
        bounds = asdict(evidence.rival.improvement)
        figures |= {f"improvement_{name}": bound for name, bound in bounds.items()}
    mlflow.log_metrics({f"test_{k}": figure for k, figure in figures.items() if isfinite(figure)})


def _describe(test: Test, package: Package, lead: float, seed: int) -> None:
    """Log slices, attributions and every picture."""
    by_slice = slices(test.task, test.frame, test.problem.slices, test.outcome, test.scores)
    features = attributions(package.predictor, test.frame, test.outcome, seed)
    mlflow.log_dict({"slices": replace_non_finite(by_slice)}, "slices.json")
    mlflow.log_dict({"attributions": replace_non_finite(features.to_dict("records"))}, "attributions.json")
    with artifacts.log_folder("plots") as folder:
        for number, (name, picture) in enumerate(_pictures(test, lead, by_slice, features), 1):
            picture.savefig(folder / f"{number}_{name}.png")


def _pictures(
    test: Test, lead: float, by_slice: list[dict[str, Any]], features: pd.DataFrame
) -> Iterator[tuple[str, Figure]]:
    """Every picture with its name, in the order in which to look at them."""
    rows, target = (test.outcome, test.scores), test.problem.target
    if target.task_type == "binary":
        yield "roc", curves.roc(*rows)
        yield "precision_recall", curves.precision_recall(*rows, test.threshold)
        yield "calibration", curves.calibration(*rows)
        yield "gain", curves.gain(*rows)
        yield "lift", curves.lift(*rows)
        yield "cost", curves.costs(*rows, test.threshold, test.problem.costs)
    elif target.task_type == "multiclass":
        yield "confusion", classes.confusion(*rows, target.classes)
        yield "recall", classes.recall(*rows, target.classes)
        right = test.scores.argmax(axis=1) == test.outcome
        yield (
            "calibration",
            curves.calibration(right, test.scores.max(axis=1), "share decided right"),
        )
    else:
        yield "predicted", numbers.predicted(*rows, target.column)
        yield "errors", numbers.errors(*rows, target.column)
    if by_slice:
        yield "slices", breakdown.slices(by_slice, test.task.primary_metric, lead)
    yield "attributions", breakdown.attributions(features)


def _record(verdict: gate.GateVerdict, evidence: gate.GateEvidence) -> dict[str, Any]:
    """Checks, figures and windows for verdict.json."""
    rival = evidence.rival
    return {
        "checks": [asdict(check) for check in verdict.checks],
        "metrics": {name: asdict(interval) for name, interval in evidence.metrics.items()},
        "improvement": asdict(rival.improvement) if rival else None,
        "champion_metrics": replace_non_finite(dict(rival.metrics)) if rival else None,
        "rows": evidence.rows,
        "windows": {
            "test": list(evidence.window),
            "candidate": evidence.windows,
            "champion": rival.windows if rival else None,
        },
    }


def _headline(task: Task, metrics: dict[str, Interval], verdict: gate.GateVerdict) -> str:
    lead, loss = metrics[task.primary_metric], metrics[task.loss]
    between = f"[{lead.low:.3f}, {lead.high:.3f}]"
    figures = f"{display_name(task.primary_metric)} {lead.value:.3f} {between}, {display_name(task.loss)} {loss.value:.4g}"
    return f"test {figures}: " + ("passed" if verdict.passed else f"refused: {verdict.refusal}")


if __name__ == "__main__":
    evaluate()
