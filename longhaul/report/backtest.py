"""Page about a backtest: what each policy would have saved, for someone who pays for it."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from longhaul.backtest import savings
from longhaul.backtest.table import PER
from longhaul.data import periods as periods_of
from longhaul.problem import Problem
from longhaul.report import template


def render(
    problem: Problem,
    periods: Sequence[str],
    by_lag: Mapping[str, Sequence[Mapping[str, Any]]],
    picture: Figure,
) -> str:
    """Render the page.

    Parameters
    ----------
    problem : Problem
    periods : sequence of str
        In order of time.
    by_lag : mapping of str to sequence of mapping
        Rows of `longhaul.backtest.table` by label lag; the first row is that of doing nothing.
    picture : Figure
        See `longhaul.plots.backtest`.
    """
    span = f"the {len(periods)} {periods_of.plural(problem.length)}"
    if len(periods) == 1:
        span = periods[0]
    return template.render(
        "backtest.html.jinja",
        name=problem.name,
        periods=periods,
        span=span,
        costs=problem.costs,
        confidence=problem.gate.confidence,
        per=PER,
        by_lag=by_lag,
        verdicts={lag: savings.describe(rows, span) for lag, rows in by_lag.items()},
        less=savings.less,
        picture=picture,
    )
