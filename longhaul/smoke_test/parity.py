"""Whether a service answers what batch prediction says of the same rows."""

import numpy as np

from longhaul.errors import LonghaulError

# JSON carries every float64 unchanged: as Python writes it, it is the shortest text that reads back
# equal. What may differ is the order in which a matrix product of one row and of many is summed: a
# few units in the last place.
TOLERANCE = 1e-12
_SHOWN = 5


def largest_difference(served: np.ndarray, batch: np.ndarray, row: np.ndarray) -> float:
    """The largest absolute difference between two predictions of the same rows.

    Parameters
    ----------
    served, batch : ndarray of float64, shape (n,) or (n, k)
        Scores, see `longhaul.tasks.Task`; numbers beyond 1 are compared by their own size.
    row : ndarray of int, shape (n,)
        Which row each is about, to be named when it differs.

    Returns
    -------
    float
        At most `TOLERANCE`; 0 means equal bit for bit.

    Raises
    ------
    LonghaulError
        When a pair differs by more, or one of them is no finite number.
    """
    difference = np.abs(served - batch) / np.maximum(np.abs(batch), 1)
    if difference.ndim == 2:
        worst = difference.argmax(axis=1)[:, np.newaxis]
        served, batch, difference = (
            np.take_along_axis(one, worst, axis=1)[:, 0] for one in (served, batch, difference)
        )
    bad = np.flatnonzero(~(difference <= TOLERANCE))
    if bad.size:
        shown = [
            f"row {row[i]}: {float(served[i])} served, {float(batch[i])} in batch"
            for i in bad[:_SHOWN]
        ]
        more = f" (and {bad.size - _SHOWN} more)" if bad.size > _SHOWN else ""
        raise LonghaulError(
            f"the service and batch prediction differ in {bad.size} of {row.size} answers:"
            f" {'; '.join(shown)}{more}"
        )
    return float(difference.max(initial=0.0))
