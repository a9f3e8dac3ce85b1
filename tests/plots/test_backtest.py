"""The picture of policies by label lag."""

from longhaul.plots import backtest
from longhaul.plots.style import BLUE, GREY, RED
from tests.backtest.rows import COSTS, HELPS, NOTHING, UNSURE


def test_each_lag_has_a_panel_and_each_policy_a_line() -> None:
    """Doing nothing is the line at zero."""
    rows = [NOTHING, HELPS, UNSURE, COSTS]
    drawn = backtest.policies({"1 day": rows, "3 days": rows})
    assert [axes.get_title() for axes in drawn.axes] == [
        "outcomes after 1 day",
        "outcomes after 3 days",
    ]
    names = [label.get_text() for label in drawn.axes[0].get_yticklabels()]
    assert names == ["recalibrate", "retrain", "drift"]
    colours = [line.get_color() for line in drawn.axes[0].lines[:-1:2]]
    assert colours == [BLUE, GREY, RED]


def test_the_title_is_the_finding() -> None:
    """Of the first lag under which anything is beyond doubt."""
    drawn = backtest.policies({"1 day": [NOTHING, UNSURE], "3 days": [NOTHING, HELPS]})
    assert (
        drawn.get_suptitle() == "With outcomes after 3 days, “recalibrate” saves 24 per 1,000 rows"
    )
    drawn = backtest.policies({"1 day": [NOTHING, UNSURE]})
    assert drawn.get_suptitle() == "No policy saves beyond doubt"
