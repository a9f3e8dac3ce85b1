"""Comparability of a period with the reference: its length, and its day of the week.

A Saturday differs from Monday to Friday, as a week differs from a month, and yet nothing has
drifted.
"""

from collections.abc import Iterable

from longhaul.data import periods


def explain_incomparable(labels: Iterable[str], label: str) -> str:
    """Say why a period cannot be compared with the reference's; empty where it can.

    Parameters
    ----------
    labels : iterable of str
        Of the reference's periods.
    label : str
        Of the period; empty where it is not known.
    """
    lengths = {periods.length_of(other) for other in labels}
    length = periods.length_of(label)
    if not length or "" in lengths:
        return ""
    if length not in lengths:
        have = " and ".join(sorted(map(periods.plural, lengths)))
        return f"{label} is a {length}, the reference has {have}"
    days = {periods.weekday(other) for other in labels}
    day = periods.weekday(label)
    return f"{label} is a {day}, of which the reference has none" if day not in days else ""
