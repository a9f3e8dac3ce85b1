"""Why a loss is not that of the reference: other rows, or another relation to the outcome."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from longhaul.evaluation.intervals import Interval
from longhaul.monitoring.calibration import Calibration, log_odds
from longhaul.monitoring.scores import POSITIVE, Cells, Scores, logarithm

_FARTHEST = 20.0  # log-odds by which a base rate is looked for
_NORMAL_95 = 1.959963984540054


@dataclass(frozen=True)
class Causes:
    """Log losses of a row, in nats; the parts add up to the change.

    Attributes
    ----------
    before, after : float
        What the reference's rows were expected to lose, and what the period's rows lost.
    features : float
        The part of other rows: what they were expected to lose is more.
    relation : Interval
        The part of another relation: they lost more than was to be expected.
    level : float
        Of `relation`, what one shift of all log-odds to the period's base rate would win back. The
        rest is an order that no longer holds, or outcomes that are harder to foretell at all.
    """

    before: float
    after: float
    features: float
    relation: Interval
    level: float


@dataclass(frozen=True)
class SliceShare:
    """What one slice has of the part that another relation explains.

    Attributes
    ----------
    column, value : str
    rows : int
    positive, expected : float
        Shares of positive outcomes: found, and expected by the calibrated probabilities.
    part : Interval
        Of the whole period's `Causes.relation`, in nats; over the slices of a column, parts add
        up to it.
    """

    column: str
    value: str
    rows: int
    positive: float
    expected: float
    part: Interval


def decompose(reference: Scores, period: Scores, calibration: Calibration) -> Causes | None:
    """Take the change of the log loss apart.

    The loss under the reference's relation of outcome to score, on the period's rows, stands
    between both: what lies before it is the part of the features, what lies after it that of the
    relation (Cai, Namkoong and Yadlowsky 2023, Diagnosing model performance under distribution
    shift, with the score for what both samples share; the idea is that of Oaxaca 1973 and Blinder
    1973). A change of the relation that leaves the share of positives at every score as it was
    shows in neither.

    Parameters
    ----------
    reference : Scores
        On validation.
    period : Scores
        Only rows whose outcome is known are looked at.
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
    past = reference.cells()
    before = _expected(past, past.rows, calibration)
    moved = _expected(cells, _known(cells), calibration)
    relation = _excess(cells, calibration, float(_known(cells).sum()))
    after = moved + relation.value
    return Causes(before, after, moved - before, relation, after - _levelled(cells, calibration))


def slice_shares(
    parts: Mapping[tuple[str, str], Scores], calibration: Calibration, labelled: int
) -> list[SliceShare]:
    """What each slice carries of the relation's part, the largest first.

    Parameters
    ----------
    parts : mapping of (column, value) to Scores
    calibration : Calibration
    labelled : int
        Rows of the whole period whose outcome is known.
    """
    found = []
    for (column, value), scores in parts.items():
        cells = scores.cells()
        rows = _known(cells)
        if count := int(rows.sum()):
            chance = calibration.apply(cells.probability)
            positive = float(cells.counts[:, POSITIVE].sum() / count)
            said = float((rows * chance).sum() / count)
            part = _excess(cells, calibration, labelled)
            found.append(SliceShare(column, value, count, positive, said, part))
    return sorted(found, key=lambda one: -one.part.value)


def _known(cells: Cells) -> np.ndarray:
    """Rows in each cell whose outcome is known."""
    return np.asarray(cells.counts[:, : POSITIVE + 1].sum(axis=1))


def _expected(cells: Cells, rows: np.ndarray, calibration: Calibration) -> float:
    """The loss of a row to be expected when outcomes follow the calibrated probabilities."""
    chance, said = calibration.apply(cells.probability), cells.probability
    each = -(chance * logarithm(said) + (1 - chance) * logarithm(1 - said))
    return float((rows * each).sum() / rows.sum())


def _excess(cells: Cells, calibration: Calibration, whole: float) -> Interval:
    """The loss beyond the expected one, over `whole` rows; normal approximation, 95%."""
    chance, odds = calibration.apply(cells.probability), log_odds(cells.probability)
    rows = _known(cells)
    excess = -(odds * (cells.counts[:, POSITIVE] - chance * rows)).sum() / whole
    error = np.sqrt((rows * chance * (1 - chance) * odds**2).sum()) / whole
    return Interval(
        float(excess), float(excess - _NORMAL_95 * error), float(excess + _NORMAL_95 * error)
    )


def _levelled(cells: Cells, calibration: Calibration) -> float:
    """The loss left when one shift of all log-odds meets the share of positives found.

    The expected loss stays in it: of the predictions themselves, not the calibrated ones.
    """
    odds, rows, positive = log_odds(cells.probability), _known(cells), cells.counts[:, POSITIVE]
    share = positive.sum() / rows.sum()
    if share in {0.0, 1.0}:
        return _loss(cells, odds)
    shift = brentq(
        lambda by: float((rows * expit(odds + by)).sum() - positive.sum()), -_FARTHEST, _FARTHEST
    )
    return _loss(cells, odds + shift)


def _loss(cells: Cells, odds: np.ndarray) -> float:
    positive, negative = cells.counts[:, POSITIVE], cells.counts[:, 0]
    lost = positive * np.logaddexp(0, -odds) + negative * np.logaddexp(0, odds)
    return float(lost.sum() / (positive + negative).sum())
