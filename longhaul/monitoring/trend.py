"""Trends of columns: means that rise or fall steadily from period to period of the reference.

A date, or a number that counts on, is never again where it was. Where the means of the reference's
periods lie on a straight line, a new period is expected further along it.
"""

from collections.abc import Sequence

import numpy as np
from scipy.stats import linregress, t

from longhaul.data import periods

MIN_PERIODS = 4  # a line through three has one degree of freedom
SIGNIFICANCE = 0.01  # of the slope: without it, there is no trend to follow
CONFIDENCE = 0.95  # of the prediction interval
_ROUNDING = 1e-6  # of float32 values, relative to what the line spans


def follows_trend(labels: Sequence[str], means: Sequence[float], label: str, mean: float) -> bool:
    """Return whether a new period's mean lies where the reference's trend leads.

    That is within the prediction interval of a straight line through the reference's period means,
    fitted by least squares (Draper and Smith 1998, Applied Regression Analysis, section 1.4).

    Parameters
    ----------
    labels : sequence of str
        Of the k periods of the reference.
    means : sequence of float
        The column's mean in each.
    label : str
        Of the new period.
    mean : float
    """
    values = np.array([*means, mean], dtype=float)
    if len(means) < MIN_PERIODS or not np.isfinite(values).all():
        return False
    places = _places([*labels, label])
    if places is None or not np.ptp(values[:-1]):
        return False
    past, new = places[:-1], places[-1]
    line = linregress(past, values[:-1])
    if not line.pvalue < SIGNIFICANCE:
        return False
    count, expected = len(past), line.intercept + line.slope * places
    error = np.sqrt(((values - expected)[:-1] ** 2).sum() / (count - 2))
    around = (new - past.mean()) ** 2 / ((past - past.mean()) ** 2).sum()
    reach = t.isf((1 - CONFIDENCE) / 2, count - 2) * error * np.sqrt(1 + 1 / count + around)
    return bool(abs(values[-1] - expected[-1]) <= reach + _ROUNDING * np.ptp(values))


def _places(labels: Sequence[str]) -> np.ndarray | None:
    """Return the middle of each period, in days; None where a label is not one of a period."""
    try:
        middles = [periods.middle(label) for label in labels]
    except ValueError:
        return None
    return np.array([(middle - middles[0]).total_seconds() / 86400 for middle in middles])
