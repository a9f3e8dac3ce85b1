"""Retention of the prediction log: files that are older than a problem keeps them."""

import contextlib
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from longhaul.data import periods
from longhaul.data.periods import Length
from longhaul.problem import Problem
from longhaul.traffic import prediction_log


def expired(log: Path, problem: Problem, today: date) -> dict[str, list[Path]]:
    """List the files that are older than the problem keeps them, by what they hold.

    A period goes as one: half of one would be judged again, as if its rows had never come. So the
    days of the period that the limit falls into stay until all of them are old enough.

    Parameters
    ----------
    log : Path
        The folder of the prediction log.
    problem : Problem
    today : date
        In UTC, as the days of the log.
    """
    retention = problem.retention
    ages = {
        prediction_log.PREDICTIONS: retention.log,
        prediction_log.LOSSES: retention.log,
        prediction_log.SHADOW: retention.shadow,
        prediction_log.GROUND_TRUTH: retention.outcomes,
    }
    length = problem.time.period if problem.time else "day"
    folders = prediction_log.day_folders(log)
    return {
        name: _older(
            [folder for folder in folders if folder.relative_to(log).parts[0] == name],
            today - timedelta(days=days),
            length,
        )
        for name, days in ages.items()
        if days is not None
    }


def delete(files: Mapping[str, Iterable[Path]]) -> None:
    """Delete files, and the folders of days that have none any more."""
    for file in [file for listed in files.values() for file in listed]:
        file.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # others are in it
            file.parent.rmdir()


def _older(folders: list[Path], limit: date, length: Length) -> list[Path]:
    """List the files of days in periods that ended before a day."""
    days = [*(folder.name for folder in folders), limit.isoformat()]
    labels = periods.labels(pd.Series(pd.to_datetime(days)), length).tolist()
    *by_folder, newest = labels
    old = [
        folder for folder, label in zip(folders, by_folder, strict=True) if str(label) < str(newest)
    ]
    return [file for folder in old for file in sorted(folder.glob("*.parquet"))]
