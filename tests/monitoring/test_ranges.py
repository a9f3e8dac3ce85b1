"""How far a new period may reach, learned from the periods of the reference."""

import numpy as np
import pandas as pd
import pytest

from longhaul.monitoring import ranges


def split(*sizes: int) -> list[np.ndarray]:
    """Periods of so many rows, one after the other."""
    place = np.repeat(np.arange(len(sizes)), sizes)
    return [place == period for period in range(len(sizes))]


def test_numbers_beyond_all_other_periods() -> None:
    """With two periods, each against the range of the other; missing values are in no range."""
    values = np.array([1, 2, 3, 9, np.nan, 2, 4, 4], dtype=np.float32)
    assert ranges.count_out_of_range_of_others(values, split(5, 3)).tolist() == [2, 0]


def test_categories_of_a_single_period() -> None:
    """Rows of a category that no other period has."""
    values = pd.Series(["a", "b", "b", "a", None, "c", "a", "d", "d"])
    counts = ranges.count_out_of_range_of_others(values, split(3, 3, 3))
    assert counts.tolist() == [2, 1, 2]


def test_a_lone_period_leaves_out_rows() -> None:
    """The least, the greatest, and categories with one row; ties reach no further than another."""
    values = np.array([1, 1, 2, 3, np.nan], dtype=np.float32)
    assert ranges.count_out_of_range_of_others(values, split(5)).tolist() == [1]
    assert ranges.count_out_of_range_of_others(pd.Series(list("aabc")), split(4)).tolist() == [2]
    nothing = np.full(3, np.nan, dtype=np.float32)
    assert ranges.count_out_of_range_of_others(nothing, split(3)).tolist() == [0]


def test_an_empty_period_reaches_nowhere() -> None:
    """A period without values is no period of the column, and has none out of range."""
    values = np.array([np.nan, np.nan, 1, 2, 3, 4], dtype=np.float32)
    assert ranges.count_out_of_range_of_others(values, split(2, 2, 2)).tolist() == [0, 2, 2]
    assert ranges.widen(values, split(2, 2, 2)) is None


def test_the_range_holds_every_period_it_is_learned_from() -> None:
    """And more, where periods differ; no more, where they do not."""
    values = np.array([0, 10, 1, 11, -1, 12], dtype=np.float32)
    low, high = ranges.widen(values, split(2, 2, 2)) or (0, 0)
    assert low < -1
    assert high > 12
    assert ranges.widen(np.tile([0, 1], 3).astype(np.float32), split(2, 2, 2)) == (0, 1)


@pytest.mark.parametrize("count", [3, 5, 12])
def test_records_are_no_drift(count: int) -> None:
    """Of periods that differ by chance, the last holds a record in one case of k + 1.

    The bare range is left by it in two of k + 1 cases, the learned one in hardly any.
    """
    generator = np.random.default_rng(count)
    bare, learned, trials = 0, 0, 1000
    for _ in range(trials):
        effects = generator.normal(0, 2, (count + 1, 1))
        rows = (effects + generator.normal(size=(count + 1, 50))).astype(np.float32)
        past, new = rows[:-1].ravel(), rows[-1]
        low, high = ranges.widen(past, split(*[50] * count)) or (np.inf, -np.inf)
        bare += new.min() < past.min() or new.max() > past.max()
        learned += new.min() < low or new.max() > high
    assert bare / trials > 1.5 / (count + 1)
    assert learned / trials < 0.005
