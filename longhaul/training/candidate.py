"""A candidate: one family with its settings, chosen on validation, refitted on all but the test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from longhaul import problem as problems
from longhaul import tasks
from longhaul.data.labels import outcomes
from longhaul.data.periods import of
from longhaul.errors import LonghaulError
from longhaul.estimators import families
from longhaul.estimators.families import Family
from longhaul.estimators.families.custom import CustomFamily
from longhaul.estimators.sample import Sample
from longhaul.evaluation.attributions import attributions
from longhaul.evaluation.threshold import choose_threshold
from longhaul.features.encoder import Encoder
from longhaul.features.formats import numbers
from longhaul.model.package import Package
from longhaul.model.predictor import Predictor
from longhaul.monitoring import reference as references
from longhaul.problem import Problem


@dataclass(frozen=True)
class EncodedWindows:
    """Both windows, encoded by what was learned on the first alone."""

    encoder: Encoder
    train: Sample
    valid: Sample


@dataclass(frozen=True)
class Candidate:
    """A model to be judged.

    Attributes
    ----------
    package : Package
        Fitted on training and validation together.
    metrics : dict
        On validation, of the model fitted on training alone.
    settings : dict
        All of the family's; iterations as early stopping chose them.
    """

    package: Package
    metrics: dict[str, float]
    settings: dict[str, float]


def fit(
    problem: Problem,
    train: pd.DataFrame,
    valid: pd.DataFrame,
    family: str,
    settings: Mapping[str, float],
    seed: int,
    threads: int,
    own: Sequence[Path] = (),
) -> Candidate:
    """Fit on `train`, stop early and choose the threshold on `valid`, then refit on both.

    The newest rows tell most about what comes next, so the model that is kept has seen them.

    Parameters
    ----------
    problem : Problem
    train, valid : DataFrame
        Windows of the problem's table.
    family : str
    settings : mapping
        Of the family; what is not given has its default.
    seed, threads : int
        0 threads are all processors.
    own : sequence of Path
        Files of the problem's own families.

    Raises
    ------
    LonghaulError
        When the family, or one of the settings, is unknown.
    """
    chosen = families.family(family, own)
    resolved = resolve(chosen, settings)
    windows = encode_windows(problem, train, valid)
    first = chosen.fit(resolved, windows.encoder, windows.train, windows.valid, seed, threads)
    if first.iterations is not None:
        resolved["iterations"] = first.iterations
    target, task = problem.target, tasks.task_for(problem.target.task_type)
    outcome, scores = windows.valid.outcome, first.scores(windows.valid.matrix)
    two = target.task_type == "binary"
    threshold = choose_threshold(outcome, scores, problem.costs) if two else 0.0
    chooser = Predictor(windows.encoder, first, family, threshold, target.task_type, target.classes)
    judged = {
        **chooser.columns(scores),
        "outcome": task.decode(outcome, target.classes),
        "period": _periods(problem, valid),
    }
    shares = _importance(attributions(chooser, valid, outcome, seed))

    both = pd.concat([train, valid], ignore_index=True)
    encoder = Encoder.fit(both, problem.features(both.columns))
    sample = encode(encoder, problem, both)
    last = chosen.fit(resolved, encoder, sample, None, seed, threads)

    predictor = Predictor(encoder, last, family, threshold, target.task_type, target.classes)
    reference = references.Reference(
        **references.learn(
            both, sample, _periods(problem, both), encoder, problem.monitoring.bins, problem.slices
        ),
        **references.learn_scores(
            target, outcome, chooser.columns(scores), problem.monitoring.bins
        ),
        importance=shares,
    )
    package = Package(
        predictor,
        problems.dump(problem),
        windows={"fit": _span(_periods(problem, both)), "valid": _span(judged["period"])},
        reference=reference.plain(),
        valid=pd.DataFrame(judged),
        own=chosen.file if isinstance(chosen, CustomFamily) else None,
    )
    return Candidate(package, task.measure(outcome, scores), resolved)


def encode_windows(problem: Problem, train: pd.DataFrame, valid: pd.DataFrame) -> EncodedWindows:
    """Learn the encoding on `train`; encode both windows by it."""
    encoder = Encoder.fit(train, problem.features(train.columns))
    return EncodedWindows(encoder, encode(encoder, problem, train), encode(encoder, problem, valid))


def encode(encoder: Encoder, problem: Problem, frame: pd.DataFrame) -> Sample:
    """The rows of a table as a sample to learn from."""
    return Sample(
        encoder.transform(frame),
        outcomes(frame, problem.target),
        tasks.class_count(problem.target.task_type, problem.target.classes),
        _weights(frame, problem.weight) if problem.weight else None,
    )


def resolve(family: Family, settings: Mapping[str, float]) -> dict[str, float]:
    """Every setting of a family: given or by default, whole where the default is whole.

    Raises
    ------
    LonghaulError
        When the family has no such setting.
    """
    for name in settings:
        if name not in family.defaults:
            allowed = ", ".join(family.defaults)
            raise LonghaulError(f"{family.name} has no setting {name!r}; it has {allowed}")
    return {
        name: type(default)(settings.get(name, default))
        for name, default in family.defaults.items()
    }


def _weights(frame: pd.DataFrame, name: str) -> np.ndarray:
    """How much each row counts.

    Raises
    ------
    LonghaulError
        When a weight is missing, negative or not finite, or all are zero.
    """
    weight = numbers(frame[name]).astype(np.float64)
    bad = ~(weight >= 0)
    if bad.any():
        raise LonghaulError(
            f"weight: {int(bad.sum()):,} of {len(frame):,} rows have none in column {name!r}, such"
            f" as {frame[name][bad].iloc[0]!r}; a weight is a number, 0 or more"
        )
    if not weight.any():
        raise LonghaulError(f"weight: all weights in column {name!r} are 0")
    return weight


def _importance(attributed: pd.DataFrame) -> dict[str, float]:
    """What each feature is worth, as shares of one; shuffling may find less than nothing."""
    worth = attributed.set_index("feature")["importance"].clip(lower=0)
    whole = worth.sum()
    return {str(name): float(one / whole) if whole else 0.0 for name, one in worth.items()}


def _periods(problem: Problem, frame: pd.DataFrame) -> np.ndarray:
    """The label of each row's period."""
    return of(frame, problem).to_numpy(dtype=str)


def _span(periods: np.ndarray) -> list[str]:
    """First and last period."""
    return [str(min(periods)), str(max(periods))]
