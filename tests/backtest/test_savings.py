"""Sentences about savings."""

import pytest

from longhaul.backtest import savings
from tests.backtest.rows import COSTS, HELPS, NOTHING, UNSURE


def test_a_saving_is_named_only_beyond_doubt() -> None:
    """The highest figure may be chance: the highest lower bound is not."""
    assert savings.best([NOTHING, UNSURE, HELPS, COSTS]) is HELPS
    assert savings.best([NOTHING, UNSURE, COSTS]) is None


def test_the_verdict_is_in_numbers_that_one_reads() -> None:
    """Per thousand rows, and over all of them."""
    text = savings.describe([NOTHING, UNSURE, HELPS], "the 6 months")
    assert "“recalibrate” saves most: per 1,000 rows, decisions cost 24 less [13, 34]" in text
    assert "over the 6 months, 470 less [260, 680]" in text
    assert "beyond doubt" in text


def test_other_policies_that_are_beyond_doubt_are_named() -> None:
    """Those that save too, and those that cost more."""
    text = savings.describe([NOTHING, HELPS, {**HELPS, "policy": "both"}, COSTS], "July")
    assert "these save too: “both”, 24 less [13, 34]." in text
    assert text.endswith("these cost more: “drift”, 8.0 more [4.0, 12].")


def test_a_doubtful_verdict_says_so() -> None:
    """With the best figure, or none."""
    text = savings.describe([NOTHING, UNSURE], "the 6 months")
    assert text.startswith("No policy saves beyond doubt")
    assert "“retrain”: per 1,000 rows, 40 less [-5.0, 85]" in text
    assert savings.describe([NOTHING, COSTS], "July").startswith("Doing nothing is as good")


def test_the_headline_has_every_lag() -> None:
    """In one line."""
    text = savings.headline({"1 day": [NOTHING, HELPS], "30 days": [NOTHING, UNSURE]})
    assert text == (
        "outcomes after 1 day: recalibrate saves 24 [13, 34] per 1,000 rows;"
        " outcomes after 30 days: no policy saves beyond doubt"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (4333.0, "4,300"),
        (99.6, "100"),
        (24.4, "24"),
        (9.96, "10"),
        (5.23, "5.2"),
        (0.0523, "0.052"),
        (-4.1, "-4.1"),
        (float("nan"), "?"),
    ],
)
def test_numbers_have_two_digits(value: float, text: str) -> None:
    """No more is known."""
    assert savings.number(value) == text


def test_more_is_not_less_than_nothing() -> None:
    """What costs more says so; the same is the same."""
    assert savings.less(COSTS["saving"]) == "8.0 more [4.0, 12]"
    assert savings.less(NOTHING["saving"]) == "the same"
