"""A candidate: one family with its settings, chosen on validation, refitted on all but the test."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from longhaul import problem as problems
from longhaul.data.labels import outcomes
from longhaul.data.periods import labels
from longhaul.errors import LonghaulError
from longhaul.evaluation.attributions import attributions
from longhaul.evaluation.metrics import measure
from longhaul.evaluation.threshold import choose
from longhaul.features.encoder import Encoder
from longhaul.learning import families
from longhaul.learning.families import Family
from longhaul.learning.sample import Sample
from longhaul.model.package import Package
from longhaul.model.predictor import Predictor
from longhaul.monitoring import reference as references
from longhaul.problem import Problem


@dataclass(frozen=True)
class Prepared:
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

    Raises
    ------
    LonghaulError
        When the family, or one of the settings, is unknown.
    """
    chosen = families.family(family)
    resolved = resolve(chosen, settings)
    windows = prepare(problem, train, valid)
    first = chosen.fit(resolved, windows.encoder, windows.train, windows.valid, seed, threads)
    if first.iterations is not None:
        resolved["iterations"] = first.iterations
    outcome, probability = windows.valid.outcome, first.probability(windows.valid.matrix)
    judged = {"outcome": outcome, "probability": probability, "period": _periods(problem, valid)}
    threshold = choose(outcome, probability, problem.costs)
    chooser = Predictor(windows.encoder, first, family, threshold)
    shares = _importance(attributions(chooser, valid, outcome, seed))

    both = pd.concat([train, valid], ignore_index=True)
    encoder = Encoder.fit(both, problem.features(both.columns))
    sample = encode(encoder, problem, both)
    last = chosen.fit(resolved, encoder, sample, None, seed, threads)

    predictor = Predictor(encoder, last, family, threshold)
    reference = references.Reference(
        **references.learn(
            both, sample, _periods(problem, both), encoder, problem.monitoring.bins, problem.slices
        ),
        **references.learn_scores(
            outcome, probability, chooser.decide(probability), problem.monitoring.bins
        ),
        importance=shares,
    )
    package = Package(
        predictor,
        problems.dump(problem),
        windows={"fit": _span(_periods(problem, both)), "valid": _span(judged["period"])},
        reference=reference.plain(),
        valid=pd.DataFrame(judged),
    )
    return Candidate(package, measure(outcome, probability), resolved)


def prepare(problem: Problem, train: pd.DataFrame, valid: pd.DataFrame) -> Prepared:
    """Learn the encoding on `train`; encode both windows by it."""
    encoder = Encoder.fit(train, problem.features(train.columns))
    return Prepared(encoder, encode(encoder, problem, train), encode(encoder, problem, valid))


def encode(encoder: Encoder, problem: Problem, frame: pd.DataFrame) -> Sample:
    """The rows of a table as a sample to learn from."""
    return Sample(encoder.transform(frame), outcomes(frame, problem.target))


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


def _importance(attributed: pd.DataFrame) -> dict[str, float]:
    """What each feature is worth, as shares of one; shuffling may find less than nothing."""
    worth = attributed.set_index("feature")["importance"].clip(lower=0)
    whole = worth.sum()
    return {str(name): float(one / whole) if whole else 0.0 for name, one in worth.items()}


def _periods(problem: Problem, frame: pd.DataFrame) -> np.ndarray:
    """The label of each row's period."""
    return labels(frame[problem.time.column], problem.time.period).to_numpy(dtype=str)


def _span(periods: np.ndarray) -> list[str]:
    """First and last period."""
    return [str(min(periods)), str(max(periods))]
