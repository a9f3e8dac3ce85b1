"""Causes of a changed loss: covariate shift, concept shift, and shift of the base rate."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from longhaul.evaluation.calibration import Calibration, log_odds
from longhaul.evaluation.intervals import Interval
from longhaul.monitoring.scores import POSITIVE, Cells, Scores, logarithm

_MAX_SHIFT = 20.0  # log-odds by which a base rate is looked for
_NORMAL_95 = 1.959963984540054


@dataclass(frozen=True)
class Causes:
    """Change of the log loss of a row in nats, as a sum of its causes.

    Attributes
    ----------
    before, after : float
        The loss expected of the reference's rows, and the realized loss of the period's rows.
    covariate_shift : float
        The part of other rows: the expected loss of the period's rows is higher.
    concept_shift : Interval
        The part of another relation between rows and outcome: the realized loss is higher than
        expected.
    base_rate_shift : float
        Of `concept_shift`, the part that one shift of all log-odds to the period's base rate would
        win back. The rest is an order that no longer holds, or outcomes that are harder to predict
        at all.
    """

    before: float
    after: float
    covariate_shift: float
    concept_shift: Interval
    base_rate_shift: float


@dataclass(frozen=True)
class SliceShare:
    """Share of one slice in the concept shift.

    Attributes
    ----------
    column, value : str
    rows : int
    positive, expected : float
        Shares of positive outcomes: observed, and expected by the calibrated probabilities.
    part : Interval
        Of the period's `Causes.concept_shift`, in nats; over the slices of a column, parts add up
        to it.
    """

    column: str
    value: str
    rows: int
    positive: float
    expected: float
    part: Interval


def decompose(reference: Scores, period: Scores, calibration: Calibration) -> Causes | None:
    """Decompose the change of the log loss into covariate shift and concept shift.

    The loss under the reference's relation of outcome to score, on the period's rows, stands
    between both: the difference up to it is covariate shift, the difference from it on is concept
    shift (Cai, Namkoong and Yadlowsky 2023, Diagnosing model performance under distribution shift,
    with the score as the part that both samples share; the idea is that of Oaxaca 1973 and Blinder
    1973). A change of the relation that leaves the share of positives at every score as it was
    shows in neither.

    Parameters
    ----------
    reference : Scores
        On validation.
    period : Scores
        Only labelled rows count.
    calibration : Calibration
        The reference's relation.

    Returns
    -------
    Causes or None
        None where no outcome of the period is known.
    """
    cells = period.cells()
    if not period.labelled:
        return None
    reference_cells = reference.cells()
    before = _expected_loss(reference_cells, reference_cells.rows, calibration)
    moved = _expected_loss(cells, _labelled(cells), calibration)
    concept = _excess_loss(cells, calibration, float(_labelled(cells).sum()))
    after = moved + concept.value
    base_rate = after - _loss_at_base_rate(cells)
    return Causes(before, after, moved - before, concept, base_rate)


def slice_shares(
    slices: Mapping[tuple[str, str], Scores], calibration: Calibration, labelled: int
) -> list[SliceShare]:
    """Compute the share of each slice in the concept shift, the largest first.

    Parameters
    ----------
    slices : mapping of (column, value) to Scores
    calibration : Calibration
    labelled : int
        Labelled rows of the period, over all slices.
    """
    shares = []
    for (column, value), scores in slices.items():
        cells = scores.cells()
        rows = _labelled(cells)
        if count := int(rows.sum()):
            chance = calibration.apply(cells.probability)
            positive = float(cells.counts[:, POSITIVE].sum() / count)
            expected = float((rows * chance).sum() / count)
            part = _excess_loss(cells, calibration, labelled)
            shares.append(SliceShare(column, value, count, positive, expected, part))
    return sorted(shares, key=lambda share: -share.part.value)


def _labelled(cells: Cells) -> np.ndarray:
    """Return the number of labelled rows in each cell."""
    return np.asarray(cells.counts[:, : POSITIVE + 1].sum(axis=1))


def _expected_loss(cells: Cells, rows: np.ndarray, calibration: Calibration) -> float:
    """Compute the mean loss of rows if outcomes follow the calibrated probabilities."""
    chance, predicted = calibration.apply(cells.probability), cells.probability
    losses = -(chance * logarithm(predicted) + (1 - chance) * logarithm(1 - predicted))
    return float((rows * losses).sum() / rows.sum())


def _excess_loss(cells: Cells, calibration: Calibration, total: float) -> Interval:
    """Compute the loss beyond the expected one, over `total` rows; normal approximation, 95%."""
    chance, odds = calibration.apply(cells.probability), log_odds(cells.probability)
    rows = _labelled(cells)
    excess = -(odds * (cells.counts[:, POSITIVE] - chance * rows)).sum() / total
    error = np.sqrt((rows * chance * (1 - chance) * odds**2).sum()) / total
    return Interval(
        float(excess), float(excess - _NORMAL_95 * error), float(excess + _NORMAL_95 * error)
    )


def _loss_at_base_rate(cells: Cells) -> float:
    """Compute the loss after one shift of all log-odds to the observed share of positives.

    The expected loss stays in it: of the predictions themselves, not the calibrated ones.
    """
    odds, rows, positive = log_odds(cells.probability), _labelled(cells), cells.counts[:, POSITIVE]
    share = positive.sum() / rows.sum()
    if share in {0.0, 1.0}:
        return _loss(cells, odds)
    shift = brentq(
        lambda by: float((rows * expit(odds + by)).sum() - positive.sum()), -_MAX_SHIFT, _MAX_SHIFT
    )
    return _loss(cells, odds + shift)


def _loss(cells: Cells, odds: np.ndarray) -> float:
    positive, negative = cells.counts[:, POSITIVE], cells.counts[:, 0]
    lost = positive * np.logaddexp(0, -odds) + negative * np.logaddexp(0, odds)
    return float(lost.sum() / (positive + negative).sum())
