"""The page of a backtest."""

from longhaul.plots import backtest as plots
from longhaul.report import backtest
from tests.backtest.rows import COSTS, HELPS, NOTHING, UNSURE
from tests.monitoring import monitored


def test_the_page_begins_with_what_is_saved() -> None:
    """In plain words, lag by lag; then the picture, a table for each lag and the decisions."""
    by_lag = {"1 day": [NOTHING, HELPS, COSTS], "30 days": [NOTHING, UNSURE]}
    text = backtest.render(monitored.problem(), ["2020-07"], by_lag, plots.policies(by_lag))
    first = text[text.index("<section>") : text.index("</section>")]
    assert "1 for a false alarm, 1 for a miss" in first
    assert "<dt>If outcomes are there after 1 day</dt>" in first
    assert "decisions cost 24 less [13, 34]; over 2020-07, 470 less [260, 680]" in first
    assert "No policy saves beyond doubt" in first
    assert "data:image/png" in first
    assert text.count("<h2>Outcomes after") == 2
    assert text.count("<h3>Decisions by period</h3>") == 2
    assert "8.0 more [4.0, 12]" in text
    assert "5 of 31" in text
    assert "challenger lost" in text
