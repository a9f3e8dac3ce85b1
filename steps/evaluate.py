"""Read the test window once: figures, pictures, and the gate's verdict."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import click
import mlflow
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from longhaul.data import split as splits
from longhaul.data.labels import outcomes
from longhaul.data.periods import labels
from longhaul.evaluation import gate
from longhaul.evaluation.attributions import attributions
from longhaul.evaluation.decisions import decide
from longhaul.evaluation.intervals import Interval, improvement, intervals
from longhaul.evaluation.metrics import measure
from longhaul.evaluation.slices import slices
from longhaul.model.package import Package
from longhaul.plain import finite
from longhaul.plots import breakdown, curves
from longhaul.problem import Problem
from longhaul.tracking import artifacts, datasets, models
from longhaul.tracking.identity import identify
from longhaul.workflow.stage import stage


@dataclass(frozen=True)
class Test:
    """The test window, and what the candidate says of its rows."""

    problem: Problem
    frame: pd.DataFrame
    outcome: np.ndarray
    probability: np.ndarray
    threshold: float

    @property
    def both(self) -> bool:
        """Whether there are rows of both classes."""
        return bool(self.outcome.any() and not self.outcome.all())


@stage
@click.option("--candidate", required=True, help="The model to judge.")
@click.option("--split", required=True, help="The split folder of split.")
@click.option("--champion", required=True, help="The model it must beat; empty if there is none.")
@click.option("--seed", required=True, type=click.IntRange(min=0), help="Of the bootstrap.")
def evaluate(candidate: str, split: str, champion: str, seed: int) -> str:
    """Judge a candidate on the test window, against the champion if there is one."""
    folder = artifacts.fetch(split)
    problem = splits.problem(folder)
    package = models.load_for(candidate, problem)
    champion = identify(champion).uri if champion else ""  # an alias may move on
    rival = models.load_for(champion, problem) if champion else None
    test = _read(folder, problem, package)
    digest = datasets.digest(test.frame)
    datasets.log(test.frame, f"{test.problem.name}-test", split, digest, context="test")

    confidence = test.problem.gate.confidence
    metrics = intervals(test.outcome, test.probability, confidence, seed)
    evidence = _evidence(test, package, rival, metrics, seed)
    verdict = gate.judge(test.problem.gate, evidence)
    decisions = decide(test.outcome, test.probability, test.threshold, test.problem.costs)
    _log_metrics(metrics, decisions, evidence)
    if test.both:
        _describe(test, package, metrics["auc"].value, seed)
    record = {
        "title": f"{test.problem.name}: {package.predictor.family}",
        "passed": verdict.passed,
        "candidate": candidate,
        "champion": champion or None,
        **_record(verdict, evidence),
        "decisions": decisions,
        "threshold": test.threshold,
    }
    mlflow.log_dict(finite(record), "verdict.json")
    return _headline(metrics, verdict)


def _read(folder: Path, problem: Problem, package: Package) -> Test:
    frame = splits.read(folder, "test")
    probability = package.predictor.probability(frame)
    outcome = outcomes(frame, problem.target)
    return Test(problem, frame, outcome, probability, package.predictor.threshold)


def _evidence(
    test: Test, package: Package, rival: Package | None, metrics: dict[str, Interval], seed: int
) -> gate.Evidence:
    """What the gate asks for; the champion predicts the very same rows."""
    time = test.problem.time
    periods = labels(test.frame[time.column], time.period)
    against = None
    if rival is not None:
        champion = rival.predictor.probability(test.frame)
        confidence = test.problem.gate.confidence
        better = improvement(test.outcome, champion, test.probability, confidence, seed)
        against = gate.Rival(rival.windows, better, measure(test.outcome, champion))
    return gate.Evidence(
        rows=len(test.frame),
        positives=int(test.outcome.sum()),
        window=[periods.min(), periods.max()],
        windows=package.windows,
        metrics=metrics,
        rival=against,
    )


def _log_metrics(
    metrics: dict[str, Interval], decisions: dict[str, float], evidence: gate.Evidence
) -> None:
    """Log what is known as test_…, with the bounds of the improvement over the champion."""
    figures = {name: interval.value for name, interval in metrics.items()}
    figures |= {**decisions, "rows": float(evidence.rows)}
    if evidence.rival:
        bounds = asdict(evidence.rival.improvement)
        figures |= {f"improvement_{name}": bound for name, bound in bounds.items()}
    mlflow.log_metrics({f"test_{k}": figure for k, figure in figures.items() if isfinite(figure)})


def _describe(test: Test, package: Package, auc: float, seed: int) -> None:
    """Log slices, attributions and every picture."""
    by_slice = slices(test.frame, test.problem.slices, test.outcome, test.probability)
    features = attributions(package.predictor, test.frame, test.outcome, seed)
    mlflow.log_dict({"slices": finite(by_slice)}, "slices.json")
    mlflow.log_dict({"attributions": finite(features.to_dict("records"))}, "attributions.json")
    with artifacts.folder("plots") as folder:
        for number, (name, picture) in enumerate(_pictures(test, auc, by_slice, features), 1):
            picture.savefig(folder / f"{number}_{name}.png")


def _pictures(
    test: Test, auc: float, by_slice: list[dict[str, Any]], features: pd.DataFrame
) -> Iterator[tuple[str, Figure]]:
    """Every picture with its name, in the order in which to look at them."""
    rows = (test.outcome, test.probability)
    yield "roc", curves.roc(*rows)
    yield "precision_recall", curves.precision_recall(*rows, test.threshold)
    yield "calibration", curves.calibration(*rows)
    yield "gain", curves.gain(*rows)
    yield "lift", curves.lift(*rows)
    yield "cost", curves.costs(*rows, test.threshold, test.problem.costs)
    if by_slice:
        yield "slices", breakdown.slices(by_slice, auc)
    yield "attributions", breakdown.attributions(features)


def _record(verdict: gate.Verdict, evidence: gate.Evidence) -> dict[str, Any]:
    """Checks, figures and windows for verdict.json."""
    rival = evidence.rival
    return {
        "checks": [asdict(check) for check in verdict.checks],
        "metrics": {name: asdict(interval) for name, interval in evidence.metrics.items()},
        "improvement": asdict(rival.improvement) if rival else None,
        "champion_metrics": finite(dict(rival.metrics)) if rival else None,
        "rows": evidence.rows,
        "windows": {
            "test": list(evidence.window),
            "candidate": evidence.windows,
            "champion": rival.windows if rival else None,
        },
    }


def _headline(metrics: dict[str, Interval], verdict: gate.Verdict) -> str:
    auc, loss = metrics["auc"], metrics["log_loss"]
    figures = f"AUC {auc.value:.3f} [{auc.low:.3f}, {auc.high:.3f}], log loss {loss.value:.3f}"
    return f"test {figures}: " + ("passed" if verdict.passed else f"refused: {verdict.refusal}")


if __name__ == "__main__":
    evaluate()
