"""A candidate: one family with its settings, chosen on validation, refitted on all but the test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from longhaul import problem_yaml, tasks
from longhaul.data.forms import declared_forms
from longhaul.data.labels import outcomes
from longhaul.data.periods import labels, of
from longhaul.errors import LonghaulError
from longhaul.estimators import families
from longhaul.estimators.families import Family
from longhaul.estimators.families.custom import CustomFamily
from longhaul.estimators.sample import Sample
from longhaul.evaluation.attributions import attributions
from longhaul.features.encoder import Encoder
from longhaul.features.formats import numbers
from longhaul.model.package import Package
from longhaul.model.predictor import Predictor
from longhaul.monitoring import reference as references
from longhaul.problem import Problem
from longhaul.training import cross_fit as cross_fits
from longhaul.training.unseen import UnseenRows


@dataclass(frozen=True)
class EncodedWindows:
    """Training and validation windows, encoded by an encoder fitted on training alone."""

    encoder: Encoder
    train: Sample
    valid: Sample


@dataclass(frozen=True)
class Candidate:
    """A fitted model for the gate to judge.

    Attributes
    ----------
    package : Package
        Fitted on training and validation together.
    metrics : dict
        On validation, of the model fitted on training alone.
    settings : dict
        All settings of the family; iterations as early stopping chose them.
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
    custom: Sequence[Path] = (),
    cross_fit: bool = True,
) -> Candidate:
    """Fit on `train`, stop early on `valid`, choose the threshold, then refit on both.

    The newest rows are the best guide to the next ones, so the final model is fitted on them too.
    Its threshold is chosen by rows of both windows, each scored by a model that was fitted in the
    same way on others: what they show of the calibration of such models is true of the final one.

    Parameters
    ----------
    problem : Problem
    train, valid : DataFrame
        Windows of the problem's table.
    family : str
    settings : mapping
        Settings of the family; missing ones take their defaults.
    seed, threads : int
        0 threads uses all processors.
    custom : sequence of Path
        Files that declare the problem's custom families.
    cross_fit : bool
        Whether to score rows of `train` as well, by two more models. Without them, validation alone
        has a say in the threshold and in the limits that the drift of predictions has.

    Raises
    ------
    LonghaulError
        When the family or a setting is unknown.
    """
    chosen = families.family(family, custom)
    resolved = resolve(chosen, settings)
    windows = encode_windows(problem, train, valid)
    first = chosen.fit(resolved, windows.encoder, windows.train, windows.valid, seed, threads)
    if first.iterations is not None:
        resolved["iterations"] = first.iterations
    target, outcome = problem.target, windows.valid.outcome
    held_out = UnseenRows.of(problem, valid, outcome, first.scores(windows.valid.matrix))
    unseen = held_out
    if cross_fit:
        unseen = _out_of_fold(problem, train, windows, chosen, resolved, seed, threads, held_out)
    valid_predictor = Predictor(
        windows.encoder, first, family, unseen.threshold(problem), target.task_type, target.classes
    )
    both = pd.concat([train, valid], ignore_index=True)
    encoder = Encoder.fit(both, problem.features(both.columns), forms=declared_forms(problem))
    sample = encode(encoder, problem, both)
    predictor = replace(
        valid_predictor,
        encoder=encoder,
        estimator=chosen.fit(resolved, encoder, sample, None, seed, threads),
    )
    importance = _importance(attributions(valid_predictor, valid, outcome, seed))
    fitted_on = _periods(problem, both)
    reference = references.Reference(
        **references.fit(
            both,
            sample,
            fitted_on,
            encoder,
            problem.monitoring.bins,
            problem.slices,
            _days(problem, both),
        ),
        **references.fit_scores(
            target,
            outcome,
            valid_predictor.columns(held_out.scores),
            problem.monitoring.bins,
            held_out.clusters,
            encoder.transform(valid),
            encoder,
            seed,
            {label: valid_predictor.columns(part) for label, part in unseen.by_period().items()},
        ),
        importance=importance,
    )
    package = Package(
        predictor,
        problem_yaml.dump(problem),
        windows={"fit": _period_range(fitted_on), "valid": _period_range(held_out.periods)},
        reference=reference.to_dict(),
        valid=_predictions(valid_predictor, held_out),
        custom_family=chosen.file if isinstance(chosen, CustomFamily) else None,
    )
    return Candidate(package, predictor.task.measure(outcome, held_out.scores), resolved)


def _out_of_fold(
    problem: Problem,
    train: pd.DataFrame,
    windows: EncodedWindows,
    family: Family,
    settings: Mapping[str, float],
    seed: int,
    threads: int,
    held_out: UnseenRows,
) -> UnseenRows:
    """Add to validation rows of training, as models of other periods score them."""
    by_row = _periods(problem, train)
    folds = cross_fits.predict(
        family, settings, windows.encoder, windows.train, by_row, seed, threads
    )
    if folds is None:
        return held_out
    rows, outcome = train.iloc[folds.rows], windows.train.outcome[folds.rows]
    return UnseenRows.of(problem, rows, outcome, folds.scores) + held_out


def _predictions(predictor: Predictor, rows: UnseenRows) -> pd.DataFrame:
    """Return predictions with their outcomes and periods, as a package keeps them."""
    return pd.DataFrame(
        {
            **predictor.columns(rows.scores),
            "outcome": predictor.task.decode(rows.outcome, predictor.classes),
            "period": rows.periods,
        }
    )


def encode_windows(problem: Problem, train: pd.DataFrame, valid: pd.DataFrame) -> EncodedWindows:
    """Fit an encoder on `train`, and encode both windows with it."""
    encoder = Encoder.fit(train, problem.features(train.columns), forms=declared_forms(problem))
    return EncodedWindows(encoder, encode(encoder, problem, train), encode(encoder, problem, valid))


def encode(encoder: Encoder, problem: Problem, frame: pd.DataFrame) -> Sample:
    """Encode the rows of a table as a sample."""
    return Sample(
        encoder.transform(frame),
        outcomes(frame, problem.target),
        tasks.class_count(problem.target.task_type, problem.target.classes),
        _weights(frame, problem.weight) if problem.weight else None,
    )


def resolve(family: Family, settings: Mapping[str, float]) -> dict[str, float]:
    """Complete settings with the family's defaults; integers where the default is one.

    Raises
    ------
    LonghaulError
        When the family does not have a setting.
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
    """Return the weight of each row.

    Raises
    ------
    LonghaulError
        When a weight is missing, negative or not finite, or all are zero.
    """
    weight = numbers(frame[name]).astype(np.float64)
    bad = ~(weight >= 0)
    if bad.any():
        raise LonghaulError(
            f"weight: {int(bad.sum()):,} of {len(frame):,} rows have no valid weight in column"
            f" {name!r}, such as {frame[name][bad].iloc[0]!r}; a weight is a number, 0 or more"
        )
    if not weight.any():
        raise LonghaulError(f"weight: all weights in column {name!r} are 0; some must be positive")
    return weight


def _importance(attributed: pd.DataFrame) -> dict[str, float]:
    """Normalise importances to shares of one; negative ones, from shuffling, count as 0."""
    importances = attributed.set_index("feature")["importance"].clip(lower=0)
    total = importances.sum()
    return {
        str(name): float(importance / total) if total else 0.0
        for name, importance in importances.items()
    }


def _periods(problem: Problem, frame: pd.DataFrame) -> np.ndarray:
    """Return the period label of each row."""
    return of(frame, problem).to_numpy(dtype=str)


def _days(problem: Problem, frame: pd.DataFrame) -> np.ndarray | None:
    """Return the day of each row; None where no column orders the rows."""
    if problem.time is None:
        return None
    return labels(frame[problem.time.column], "day").to_numpy(dtype=str)


def _period_range(periods: np.ndarray) -> list[str]:
    """Return the first and the last period."""
    return [str(min(periods)), str(max(periods))]
