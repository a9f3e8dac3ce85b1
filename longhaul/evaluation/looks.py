"""Looks at a challenger that waits: which period the next one is at."""


def is_due(newest: str, *seen: str) -> bool:
    """Return whether the newest period with outcomes is one that neither model has seen.

    Parameters
    ----------
    newest : str
        The newest period with outcomes.
    *seen : str
        The last period that each model was fitted or judged on; empty where it is not known.
    """
    return max(seen) < newest
