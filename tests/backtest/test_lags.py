"""Label lags as they are given, and the outcomes that they leave."""

import pytest

from longhaul.backtest import lags
from longhaul.errors import LonghaulError

MONTHS = ("2020-07", "2020-08", "2020-09")


def test_lags_stand_between_commas() -> None:
    """Spaces do not matter."""
    assert lags.parse("1 day,  36 hours , 2  weeks") == ("1 day", "36 hours", "2 weeks")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("1 day, 3 dayz", "'3 dayz' is not the time"),
        ("", "'' is not the time"),
        ("1 day,", "'' is not the time"),
        ("0 days", "'0 days' is not the time"),
        ("-1 day", "'-1 day' is not the time"),
        ("1", "'1' is not the time"),
        ("7 days, 1 week", "the same lag twice"),
    ],
)
def test_a_bad_lag_is_one_line_with_an_example(text: str, complaint: str) -> None:
    """It names the value and shows how to write it."""
    with pytest.raises(LonghaulError, match=complaint) as error:
        lags.parse(text)
    message = str(error.value)
    assert "\n" not in message
    assert "1 day, 3 days, 2 weeks" in message


@pytest.mark.parametrize(
    ("lag", "expected"),
    [
        ("1 day", ["2020-07", "2020-08", "2020-09"]),
        ("30 days", [None, "2020-07", "2020-08"]),
        ("9 weeks", [None, None, "2020-07"]),
    ],
)
def test_outcomes_of_a_period_come_in_later(lag: str, expected: list[str | None]) -> None:
    """With a lag that is longer than a period, when one or more others have ended."""
    assert [lags.due(MONTHS, place, lag, "month") for place in range(3)] == expected
