"""Collection of live traffic: a table with the rows that a service answered."""

import math
import operator
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

from longhaul.data import breaches, problem_copy
from longhaul.data.table import PeriodTable
from longhaul.errors import LonghaulError
from longhaul.monitoring.evidence import ServiceLosses
from longhaul.traffic import losses, period_files, summary
from longhaul.traffic.served import ServedCount, ServedTraffic
from longhaul.traffic.summary import ServedPeriod


@dataclass(frozen=True)
class Collection:
    """Live traffic up to a period.

    Attributes
    ----------
    periods : mapping of str to ServedPeriod
        By period of production.
    earlier : int
        Rows of periods before production, which the model was fitted or judged on: left out.
    corrected : int
        Rows that had another outcome by request before the one that counts.
    unmatched : int
        Outcomes by request whose rows are not in the log.
    """

    periods: Mapping[str, ServedPeriod]
    earlier: int
    corrected: int
    unmatched: int

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON types."""
        periods = {label: served.to_dict() for label, served in self.periods.items()}
        return {
            "periods": periods,
            "earlier": self.earlier,
            "corrected": self.corrected,
            "unmatched": self.unmatched,
        }

    def metrics(self) -> dict[str, float]:
        """Return the metrics of the traffic as a whole."""
        periods = self.periods.values()
        lost = reduce(operator.add, (served.losses for served in periods))
        return {
            "rows": float(sum(served.total for served in periods)),
            "labelled": float(sum(served.labelled for served in periods)),
            "periods": float(len(periods)),
            "rows_before_production": float(self.earlier),
            "outcomes_corrected": float(self.corrected),
            "outcomes_unmatched": float(self.unmatched),
            "requests_refused": float(lost.refused),
            "values_unread": float(lost.unread),
            "rows_unrecorded": float(lost.unrecorded),
        }

    def headline(self, period: str) -> str:
        """Summarise the newest period in one line."""
        served = self.periods[period]
        versions = ", ".join(f"{rows:,} by version {name}" for name, rows in served.rows.items())
        text = f"{period}: {versions}; {served.completeness:.0%} with an outcome"
        if served.losses.total:
            text += f"; {served.losses.total:,} not read or not recorded"
        return text


def collect(
    traffic: ServedTraffic,
    until: str,
    promoted: Mapping[str, float],
    table: Path,
    scored: Callable[[str], Path],
    only_last: bool = False,
) -> Collection:
    """Write a table of the base up to its test window, and of the traffic after it.

    Parameters
    ----------
    traffic : ServedTraffic
    until : str
        The last period to write.
    promoted : mapping of str to float
        When versions became champion first, in seconds since 1970.
    table : Path
        An existing folder, which gets the table and its summary.
    scored : callable
        Returns the existing folder for the predictions of a version, see
        `longhaul.traffic.period_files.write`.
    only_last : bool
        Whether the table has the last period alone, and nothing of the base but its problem.

    Raises
    ------
    LonghaulError
        When nothing was asked about rows of `until`.
    """
    windows, counts = traffic.problem.windows, traffic.counts()
    by_period = _by_period(counts)
    chosen = [label for label in by_period if windows.in_production(label) and label <= until]
    if until not in chosen:
        asked = ", ".join(by_period)
        raise LonghaulError(
            f"period: the service was asked about no row of {until}; its rows are of {asked}"
        )
    if only_last:
        chosen = [until]
        problem_copy.write(table, traffic.problem, traffic.base.folder)
    else:
        _copy(traffic.base, table)
    period_files.write(traffic, chosen, table, scored)
    assert traffic.problem.time is not None  # traffic goes by it
    lost = losses.by_period(losses.read(traffic.log), counts, traffic.problem.time.period)
    served = {label: _summarize(by_period[label], promoted, lost[label]) for label in chosen}
    summary.write(table, served)
    before = [label for label in by_period if label < windows.production[0]]
    earlier = sum(count.rows for label in before for count in by_period[label])
    return Collection(served, earlier, traffic.corrected, traffic.unmatched)


def _by_period(counts: list[ServedCount]) -> dict[str, list[ServedCount]]:
    grouped = defaultdict(list)
    for count in counts:
        grouped[count.period].append(count)
    return dict(grouped)


def _summarize(
    counts: list[ServedCount], promoted: Mapping[str, float], lost: ServiceLosses
) -> ServedPeriod:
    ordered = sorted(counts, key=lambda count: count.first)
    rows = {count.version: count.rows for count in ordered}
    labelled = sum(count.labelled for count in counts)
    return ServedPeriod(rows, labelled, _in_charge(counts, promoted), lost)


def _in_charge(counts: list[ServedCount], promoted: Mapping[str, float]) -> str:
    """Return the champion that answered last; without one, the version that did."""
    champions = [count for count in counts if promoted.get(count.version, math.inf) <= count.last]
    return max(champions or counts, key=lambda count: count.last).version


def _copy(base: PeriodTable, table: Path) -> None:
    """Copy the base, without its periods of production and what is said of them."""
    production = base.problem.windows.production[0]
    later = {base.path(label).name for label in base.periods if label >= production}

    def left_out(folder: str, names: list[str]) -> set[str]:
        return (later | {breaches.NAME}) & set(names)

    shutil.copytree(base.folder, table, ignore=left_out, copy_function=_link, dirs_exist_ok=True)


def _link(source: str, target: str) -> None:
    """Link a file, where both are on one disk; else copy it."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
