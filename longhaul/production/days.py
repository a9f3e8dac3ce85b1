"""Days of a version: what it predicted itself, logged by monitoring, gathered to recalibrate."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from longhaul.data import periods
from longhaul.data.table import PeriodTable
from longhaul.errors import LonghaulError
from longhaul.monitoring import cluster_counts, day_counts
from longhaul.monitoring.cluster_counts import DAYS, ClusterCounts
from longhaul.monitoring.scores import Scores
from longhaul.problem import Problem
from longhaul.production.history import PeriodRecord, ProductionHistory
from longhaul.registry import versions
from longhaul.registry.model_uri import ModelUri
from longhaul.tracking import artifacts
from longhaul.tracking.tags import VERDICT

Days = Mapping[str, Scores]


def gather(
    model: ModelUri,
    past: ProductionHistory,
    problem: Problem,
    table: Path | None,
    collected: str = "",
) -> ClusterCounts[Scores]:
    """Gather a version's days: of the window it was judged on, and of its monitored periods.

    A period whose outcomes were not known yet when it was monitored is counted again.

    Parameters
    ----------
    model : ModelUri
        A registered version.
    past : ProductionHistory
        The periods that count.
    problem : Problem
    table : Path or None
        Has the outcomes that are known by now.
    collected : str
        See `scored_file`.
    """
    days = _newest(_read(uri) for uri in _sources(model, past))
    if table is not None:
        labelled = _labelled_periods(days, problem)
        days = _newest([days, *_recount(model, past, problem, table, labelled, collected)])
    return ClusterCounts(dict(sorted(days.items())))


def count(
    model: ModelUri,
    problem: Problem,
    table: Path,
    predictions: str,
    period: str,
    collected: str = "",
) -> ClusterCounts[Scores]:
    """Count one period of a version by day; see `scored_file`.

    Raises
    ------
    LonghaulError
        When there are no predictions of it.
    """
    return day_counts.count(
        PeriodTable(table).existing(period),
        scored_file(model, predictions, period, collected),
        problem,
    )


def scored_file(model: ModelUri, predictions: str, period: str, collected: str = "") -> Path:
    """Return the file of a version's predictions of a period.

    Parameters
    ----------
    model : ModelUri
        The version.
    predictions : str
        URI of the folder of predictions that belongs to the period.
    period : str
    collected : str
        URI of a folder that comes first: where traffic is collected again, rows that came late
        have changed the places of the others.

    Raises
    ------
    LonghaulError
        When there is none.
    """
    name = Path(model.key) / f"{period}.parquet"
    if collected and (file := artifacts.fetch(collected) / name).exists():
        return file
    file = artifacts.fetch(predictions) / name
    if not file.exists():
        raise LonghaulError(
            f"predictions: {predictions} has none of {period} by version {model.version}; score it"
            " first"
        )
    return file


def _sources(model: ModelUri, past: ProductionHistory) -> list[str]:
    """Return the URIs of files of days: of the verdict's run, and of runs that monitored."""
    verdict = versions.version(model.name, model.version).tags.get(VERDICT, "")
    runs = [record.run for record in _records(model, past)]
    judged = [f"{verdict.rpartition('/')[0]}/{DAYS}"] if verdict.startswith("runs:/") else []
    return [*judged, *(f"runs:/{run}/{DAYS}" for run in runs)]


def _records(model: ModelUri, past: ProductionHistory) -> list[PeriodRecord]:
    """Return the version's periods, in order of time."""
    records = sorted(past.periods.values(), key=lambda record: record.period)
    return [record for record in records if record.version == model.version]


def _read(uri: str) -> Days:
    """Read a file of days; no days where a run has none."""
    if not artifacts.exists(uri):
        return {}
    parts = cluster_counts.read(artifacts.fetch(uri)).parts
    return {day: part for day, part in parts.items() if isinstance(part, Scores)}


def _newest(files: Iterable[Days]) -> Days:
    """Join files of days; of a day that several have, the one with the most outcomes counts."""
    days: dict[str, Scores] = {}
    for file in files:
        for day, part in file.items():
            if day not in days or part.labelled > days[day].labelled:
                days[day] = part
    return days


def _labelled_periods(days: Days, problem: Problem) -> set[str]:
    labelled = [day for day, part in days.items() if part.labelled]
    return set(periods.labels(pd.Series(pd.to_datetime(labelled)), _length(problem)))


def _length(problem: Problem) -> periods.Length:
    assert problem.time is not None
    return problem.time.period


def _recount(
    model: ModelUri,
    past: ProductionHistory,
    problem: Problem,
    table: Path,
    labelled: set[str],
    collected: str,
) -> list[Days]:
    """Count periods without outcomes again, where the table and their predictions are there."""
    available = PeriodTable(table).periods
    return [
        count(model, problem, table, record.predictions, record.period, collected).parts
        for record in _records(model, past)
        if record.predictions and record.period not in labelled and record.period in available
    ]
