"""Table of remedies: differences from the first line, with intervals over days."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from longhaul.backtest import comparison
from longhaul.backtest.days import Days
from longhaul.evaluation.intervals import Interval

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Line:
    """A line of the table: a remedy, and its days period by period."""

    remedy: str
    lag: str
    days: Sequence[Days]
    note: str = ""


def markdown(lines: Sequence[Line]) -> str:
    """Write the differences from the first line as a table."""
    first = comparison.estimate(lines[0].days)
    rows = int(sum(days.rows.sum() for days in lines[0].days))
    values = ", ".join(f"{name} {first[name].value:.4f}" for name in comparison.METRICS)
    text = [
        f"{rows:,} rows. {lines[0].remedy}: {values}. The others, against it:",
        "",
        "| remedy | outcomes after | log loss | AUC | cost of a row | |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for line in _gather(lines):
        if line.remedy == lines[0].remedy:
            continue
        measured = comparison.estimate(line.days)
        cells = [
            _cell(comparison.difference(measured[name], first[name], CONFIDENCE))
            for name in comparison.METRICS
        ]
        text.append(f"| {line.remedy} | {line.lag} | {' | '.join(cells)} | {line.note} |")
    return "\n".join(text)


def _gather(lines: Sequence[Line]) -> Iterator[Line]:
    """Gather lines of one remedy under several lags that come to the same."""
    for _, alike in groupby(lines, lambda line: (line.remedy, line.note, _sums(line))):
        first, *rest = alike
        yield replace(first, lag=", ".join([first.lag, *(line.lag for line in rest)]))


def _sums(line: Line) -> list[tuple[float, float]]:
    return [(days.losses.sum(), days.costs.sum()) for days in line.days]


def _cell(interval: Interval) -> str:
    bounds = f"[{interval.low:+.4f}, {interval.high:+.4f}]"
    sure = interval.low > 0 or interval.high < 0
    return f"**{interval.value:+.4f}** {bounds}" if sure else f"{interval.value:+.4f} {bounds}"
