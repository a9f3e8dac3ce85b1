"""Comparability of a period with the reference: its length, its days, and its day of the week.

A Saturday differs from Monday to Friday, as a week differs from a month, and the first half of a
month from all of it; and yet nothing has drifted.
"""

from collections.abc import Iterable, Mapping

from longhaul.data import periods

PARTIAL = 0.9  # of the days that the reference's periods have rows on, fewer are another length


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
        return f"{label} is {periods.singular(length)}, the reference has {have}"
    days = {periods.weekday(other) for other in labels}
    day = periods.weekday(label)
    return f"{label} is a {day}, of which the reference has none" if day not in days else ""


def explain_partial(covered: Mapping[str, int], label: str, days: int) -> str:
    """Say that a period has rows on fewer of its days than the reference's; empty if it has not.

    Days without rows are no fault where the reference has them too: shops are closed on Sundays.

    Parameters
    ----------
    covered : mapping of str to int
        By the label of each of the reference's periods: the days that have rows; 0 where that is
        not known.
    label : str
        Of the period; empty where it is not known.
    days : int
        Its days that have rows; 0 where that is not known.
    """
    is_known = days and covered and all(covered.values())
    if not is_known or periods.length_of(label) in {"", "batch", "day", "hour"}:
        return ""
    if "" in {periods.length_of(other) for other in covered}:
        return ""
    least = min(count / periods.day_count(other) for other, count in covered.items())
    length = periods.day_count(label)
    if days >= PARTIAL * least * length:
        return ""
    return (
        f"{label} has rows on {days} of its {length} days, the reference's"
        f" {periods.plural(periods.length_of(label))} on at least {least:.0%} of theirs"
    )
