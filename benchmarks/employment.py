"""Who is employed in Massachusetts, 2015 to 2018: predictions that come with the package nannyml.

The rows are of the American Community Survey; the probabilities are those of a model that had not
learned from any of these years. They have years and no dates, so that positions in the file are
taken as 365 days of each year: what one of these days has in common is the order of the file, no
weather.
"""

import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from benchmarks import calibrators
from benchmarks.remedy_table import Line, markdown
from longhaul.backtest import lags, remedies
from longhaul.backtest.counts import PredictionCounts
from longhaul.backtest.days import Days
from longhaul.backtest.policies import Level
from longhaul.monitoring import level as level_of
from longhaul.problem import Problem, Target, Time, Windows

JUDGED, YEARS = 2015, (2016, 2017, 2018)
DAYS = 365
THRESHOLD = 0.5  # the model's own, and the best one in theory: both errors cost the same
PROBLEM = Problem(
    "employment",
    "nannyml",
    Target("employed"),
    Windows(("2013", "2013"), ("2014", "2014"), ("2015", "2015"), ("2016", "2018")),
    time=Time("day", "year"),
)


def section(data: str, waits: Sequence[str]) -> str:
    """Return the section of the table, or what it needs to be made.

    Parameters
    ----------
    data : str
        The folder of the files; empty for that of the installed package.
    waits : sequence of str
        Label lags.
    """
    title = "## The employment of Massachusetts, 2016 to 2018"
    folder = Path(data) if data else _installed()
    if folder is None or not (folder / "employment_MA_analysis.pq").is_file():
        return f"{title}\n\nNot measured: pip install --no-deps nannyml==0.13.1, or --data <folder>"
    note = f"Positions in the file are taken as {DAYS} days of each year; it has no dates."
    return f"{title}\n\n{note}\n\n{markdown(list(lines(read(folder), waits)))}\n"


def _installed() -> Path | None:
    """Find the data of the installed package, which is not imported."""
    spec = importlib.util.find_spec("nannyml")
    return Path(spec.origin).parent / "datasets" / "data" if spec and spec.origin else None


def read(folder: Path) -> pd.DataFrame:
    """Read probability, outcome, year and day of all rows, in the order of the files."""
    columns = ["id", "year", "predicted_probability"]
    reference = pd.read_parquet(
        folder / "employment_MA_reference.pq", columns=[*columns, "employed"]
    )
    later = pd.read_parquet(folder / "employment_MA_analysis.pq", columns=columns)
    target = pd.read_parquet(folder / "employment_MA_analysis_target.pq")
    frame = pd.concat([reference, later.merge(target, on="id", validate="1:1")], ignore_index=True)
    place, size = frame.groupby("year").cumcount(), frame.groupby("year")["year"].transform("size")
    first = pd.to_datetime(frame["year"].astype(str) + "-01-01")
    return frame.assign(day=first + pd.to_timedelta(place * DAYS // size, unit="D"))


def lines(frame: pd.DataFrame, waits: Sequence[str]) -> Iterator[Line]:
    """Correct the level under each label lag; refit curves on the year before."""
    by_year = {year: frame[frame["year"] == year] for year in (JUDGED, *YEARS)}
    counts = {year: _count(rows) for year, rows in by_year.items()}
    yield Line("nothing", "", [Days.of(counts[year], PROBLEM.costs) for year in YEARS])
    levels: dict[str, Level] = {"recalibrate": "rule", "recalibrate always": "always"}
    for name, level in levels.items():
        for lag in waits:
            days, corrected = _correct(counts, level, lag)
            yield Line(name, lag, days, f"{corrected} days corrected")
    curves = {
        "Platt on the last year": calibrators.platt,
        "beta on the last year": calibrators.beta,
        "isotonic on the last year": calibrators.isotonic,
    }
    for name, curve in curves.items():
        days = []
        for year in YEARS:
            last = by_year[year - 1]
            fitted = curve(
                last["predicted_probability"].to_numpy(), last["employed"].to_numpy(dtype=bool)
            )
            served = fitted(by_year[year]["predicted_probability"].to_numpy())
            days.append(
                Days.of(_count(by_year[year].assign(predicted_probability=served)), PROBLEM.costs)
            )
        yield Line(name, "all of the last year", days)


def _correct(counts: dict[int, PredictionCounts], level: Level, lag: str) -> tuple[list[Days], int]:
    """Correct all years; return their days, and how many of these are corrected."""
    by_day = counts[JUDGED].by_day()
    for year in YEARS:
        by_day = by_day + counts[year].by_day()
    problem = lags.declare(PROBLEM, lag)
    shadow = level_of.forecast(by_day, problem, THRESHOLD)
    served = [remedies.correct(counts[year], level, shadow, problem) for year in YEARS]
    days = [Days.of(period.counts, problem.costs) for period in served]
    return days, sum(period.corrected for period in served)


def _count(rows: pd.DataFrame) -> PredictionCounts:
    probability = rows["predicted_probability"].to_numpy()
    day = rows["day"].dt.strftime("%Y-%m-%d").to_numpy(dtype=str)
    outcome = rows["employed"].to_numpy(dtype=bool)
    return PredictionCounts.count(probability, probability >= THRESHOLD, outcome, day, day)
