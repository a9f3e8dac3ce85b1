"""Limit of the threads that an estimator predicts with."""

import os


def most_threads() -> int:
    """Return how many threads OMP_NUM_THREADS allows now; 0 where it does not say.

    OpenMP reads it once, when it is loaded: in a forked process, that was before it was set.
    """
    first = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return int(first) if first.isascii() and first.isdigit() else 0
