"""Parity: comparison of served scores with batch predictions of the same rows."""

import numpy as np

from longhaul.errors import LonghaulError

# JSON carries every float64 unchanged: Python writes the shortest text that reads back equal. But a
# matrix product of one row may be summed in another order than that of many rows: the scores then
# differ by a few units in the last place.
TOLERANCE = 1e-12
_SHOWN = 5


def largest_difference(served: np.ndarray, batch: np.ndarray, row: np.ndarray) -> float:
    """Return the largest absolute difference between two predictions of the same rows.

    Parameters
    ----------
    served, batch : ndarray of float64, shape (n,) or (n, k)
        Scores, see `longhaul.tasks.Task`; above 1 the difference is relative to the score.
    row : ndarray of int, shape (n,)
        Row numbers, named when scores differ.

    Returns
    -------
    float
        At most `TOLERANCE`; 0 means equal bit for bit.

    Raises
    ------
    LonghaulError
        When a pair differs by more, or a score is not finite.
    """
    difference = np.abs(served - batch) / np.maximum(np.abs(batch), 1)
    if difference.ndim == 2:
        worst = difference.argmax(axis=1)[:, np.newaxis]
        served, batch, difference = (
            np.take_along_axis(table, worst, axis=1)[:, 0] for table in (served, batch, difference)
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
