"""Causes of a changed loss: covariate shift, concept shift, and shift of the base rate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from longhaul.data.clusters import enough
from longhaul.evaluation.calibration import Calibration, log_odds
from longhaul.evaluation.intervals import Interval
from longhaul.monitoring.cluster_counts import ClusterCounts
from longhaul.monitoring.scores import POSITIVE, Cells, Scores, logarithm
from longhaul.monitoring.uncertainty import Variance, margins, of_sums

_MAX_SHIFT = 20.0  # log-odds by which a base rate is looked for


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


def decompose(
    reference: Scores, clusters: ClusterCounts[Scores], calibration: Calibration, confidence: float
) -> Causes | None:
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
        Predictions that the calibration was fitted on.
    clusters : ClusterCounts of Scores
        Of the period. Only labelled rows count.
    calibration : Calibration
        The reference's relation.
    confidence : float
        Of the interval, which holds the day-to-day variation of the period and the error of the
        calibration.

    Returns
    -------
    Causes or None
        None where no outcome of the period is known.
    """
    if not clusters.labelled:
        return None
    cells, reference_cells = clusters.total.cells(), reference.cells()
    before = _expected_loss(reference_cells, reference_cells.rows, calibration)
    moved = _expected_loss(cells, _labelled(cells), calibration)
    concept = _concept_shift(clusters, calibration, confidence)
    after = moved + concept.value
    base_rate = after - _loss_at_base_rate(cells)
    return Causes(before, after, moved - before, concept, base_rate)


def slice_shares(
    slices: Mapping[tuple[str, str], Scores],
    clusters: ClusterCounts[Scores],
    calibration: Calibration,
    confidence: float,
) -> list[SliceShare]:
    """Compute the share of each slice in the concept shift, the largest first.

    The error of a share is that of independent rows, times the square root of the period's design
    effect (Kish 1965, Survey Sampling): the ratio of the standard errors of the concept shift by
    cluster and by row.

    Parameters
    ----------
    slices : mapping of (column, value) to Scores
    clusters : ClusterCounts of Scores
        Of the period.
    calibration : Calibration
    confidence : float
    """
    if not clusters.labelled:
        return []
    period = clusters.total
    by_row = _row_error(period.cells(), calibration)
    margin = _concept_shift(clusters, calibration, confidence).error * period.labelled
    widening = margin / by_row if by_row > 0 else 0.0
    shares = [
        _share(column, value, scores.cells(), calibration, widening, period.labelled)
        for (column, value), scores in slices.items()
        if scores.labelled
    ]
    return sorted(shares, key=lambda share: -share.part.value)


def _share(
    column: str, value: str, cells: Cells, calibration: Calibration, widening: float, total: int
) -> SliceShare:
    """Compute the share of a slice; `widening` makes a margin of the error of its rows."""
    rows = _labelled(cells)
    count = int(rows.sum())
    positive = float(cells.counts[:, POSITIVE].sum() / count)
    expected = float((rows * calibration.apply(cells.probability)).sum() / count)
    excess = _excess_loss(cells, calibration) / total
    margin = widening * _row_error(cells, calibration) / total
    part = Interval(excess, excess - margin, excess + margin)
    return SliceShare(column, value, count, positive, expected, part)


def _concept_shift(
    clusters: ClusterCounts[Scores], calibration: Calibration, confidence: float
) -> Interval:
    """Compute the mean loss of labelled rows beyond the expected one.

    Its variance is that of a ratio between clusters, by the jackknife, and that of the calibration;
    where there are too few clusters for it, their levels are as they were in the reference.
    """
    parts = list(clusters.labelled.values())
    cells = [part.cells() for part in parts]
    excess = np.array([_excess_loss(part, calibration) for part in cells])
    labelled = np.array([part.labelled for part in parts], dtype=float)
    n, k = labelled.sum(), len(parts)
    value = float(excess.sum() / n)
    variance = _variance(clusters.total.cells(), parts, calibration)
    if enough(k):
        without = (excess.sum() - excess) / (n - labelled)
        between = (k - 1) / k * ((without - without.mean()) ** 2).sum()
        estimated = [(between, k - 1), (variance.calibration[0], variance.degrees)]
        margin = float(margins(estimated, confidence))
    else:
        margin = float(variance.margins(confidence)[0])
    if not calibration.is_reliable:
        margin = np.nan
    return Interval(value, value - margin, value + margin)


def _variance(cells: Cells, parts: Sequence[Scores], calibration: Calibration) -> Variance:
    """Compute the variance of the concept shift that the calibration predicts."""
    totals = [(part.counts[:, :, : POSITIVE + 1].sum(axis=2)) for part in parts]
    place, decision = np.nonzero(sum(part.counts.sum(axis=2) for part in parts))
    rows = np.stack([total[place, decision] for total in totals])
    weights = -log_odds(cells.probability) / rows.sum()
    return of_sums(calibration, cells.probability, rows, weights[np.newaxis])


def _labelled(cells: Cells) -> np.ndarray:
    """Return the number of labelled rows in each cell."""
    return np.asarray(cells.counts[:, : POSITIVE + 1].sum(axis=1))


def _expected_loss(cells: Cells, rows: np.ndarray, calibration: Calibration) -> float:
    """Compute the mean loss of rows if outcomes follow the calibrated probabilities."""
    chance, predicted = calibration.apply(cells.probability), cells.probability
    losses = -(chance * logarithm(predicted) + (1 - chance) * logarithm(1 - predicted))
    return float((rows * losses).sum() / rows.sum())


def _excess_loss(cells: Cells, calibration: Calibration) -> float:
    """Sum up the loss of labelled rows beyond the expected one."""
    chance, odds = calibration.apply(cells.probability), log_odds(cells.probability)
    return float(-(odds * (cells.counts[:, POSITIVE] - chance * _labelled(cells))).sum())


def _row_error(cells: Cells, calibration: Calibration) -> float:
    """Compute the standard error of `_excess_loss`, if rows were independent."""
    chance, odds = calibration.apply(cells.probability), log_odds(cells.probability)
    return float(np.sqrt((_labelled(cells) * chance * (1 - chance) * odds**2).sum()))


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
