"""Scores of training periods by models that were not fitted on them.

How far predictions commonly move from period to period, and whether they are calibrated, can only
be learned from predictions like those to come: of rows that the model has not seen. A model's own
training rows are no such thing, and validation is often a single period. So the periods of training
are dealt to two halves, in turns, and each half is scored by a model of the other one:
cross-fitting by blocks of time (Stone 1974, Journal of the Royal Statistical Society B 36; Bergmeir
and Benitez 2012, Information Sciences 191). Both models together cost what one fit on all of
training does, and on large tables less, as no more than `MAX_ROWS` rows are taken.

It is as honest as monitoring's own assumption, that periods differ by chance. Two models differ
more than one, which makes limits wider; each half has neighbours of the other on both sides, which
makes them narrower where periods follow each other closely. Validation, scored by the model of all
of training, is the last of these periods, so that a gap between it and the halves counts too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from longhaul.estimators.families import Family
from longhaul.estimators.sample import Sample
from longhaul.features.encoder import Encoder

MAX_ROWS = 40_000  # of both halves: two fits of 20,000 rows take a few seconds
MIN_PERIODS = 2


@dataclass(frozen=True)
class OutOfFold:
    """Scores of rows, each by a model that was not fitted on the row's period.

    Attributes
    ----------
    rows : ndarray of int, shape (k,)
        Their places in the training window, ascending.
    scores : ndarray of float, shape (k,) or (k, classes)
    """

    rows: np.ndarray
    scores: np.ndarray


def predict(
    family: Family,
    settings: Mapping[str, float],
    encoder: Encoder,
    train: Sample,
    periods: np.ndarray,
    seed: int,
    threads: int,
) -> OutOfFold | None:
    """Score training rows by a model of the periods in the other half.

    Parameters
    ----------
    family : Family
    settings : mapping
        With the iterations of the model that they stand in for.
    encoder : Encoder
    train : Sample of n rows
    periods : ndarray of str, shape (n,)
    seed, threads : int

    Returns
    -------
    OutOfFold or None
        Of at most `MAX_ROWS` rows; None with fewer than two periods, or where a half lacks a class.
    """
    labels = sorted(set(periods.tolist()))
    rows = _draw(len(periods), seed)
    train = _take(train, rows)
    even = np.isin(periods[rows], labels[::2])
    if len(labels) < MIN_PERIODS or not (_can_teach(train, even) and _can_teach(train, ~even)):
        return None
    parts = []
    for half in (even, ~even):
        estimator = family.fit(settings, encoder, _take(train, half), None, seed, threads)
        parts.append(estimator.scores(train.matrix[~half]))
    order = np.argsort(np.concatenate([np.flatnonzero(~even), np.flatnonzero(even)]))
    return OutOfFold(rows, np.concatenate(parts)[order])


def _draw(rows: int, seed: int) -> np.ndarray:
    """Draw the places of at most `MAX_ROWS` rows, in ascending order."""
    if rows <= MAX_ROWS:
        return np.arange(rows)
    generator = np.random.default_rng(seed)
    return np.sort(generator.choice(rows, MAX_ROWS, replace=False, shuffle=False))


def _take(sample: Sample, rows: np.ndarray) -> Sample:
    weight = None if sample.weight is None else sample.weight[rows]
    return replace(sample, matrix=sample.matrix[rows], outcome=sample.outcome[rows], weight=weight)


def _can_teach(sample: Sample, rows: np.ndarray) -> bool:
    """Return whether these rows have every class that all rows have, and a weight."""
    weighed = sample.weight is None or bool(sample.weight[rows].any())
    classes = set(np.unique(sample.outcome)) if sample.classes else {0.0}
    present = set(np.unique(sample.outcome[rows])) if sample.classes else {0.0}
    return bool(rows.any()) and weighed and classes == present
