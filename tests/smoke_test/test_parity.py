"""Equal is equal up to the last places; anything else is named."""

import numpy as np
import pytest

from longhaul.errors import LonghaulError
from longhaul.smoke_test import parity

ROW = np.array([3, 5, 8])
BATCH = np.array([0.1, 0.2, 0.3])


def test_equal_is_zero() -> None:
    """Bit for bit the same answers differ by nothing."""
    assert parity.largest_difference(BATCH.copy(), BATCH, ROW) == 0.0


def test_last_place_is_reported_not_refused() -> None:
    """One unit in the last place is within what is called equal."""
    served = np.nextafter(BATCH, 1)
    assert parity.largest_difference(served, BATCH, ROW) == np.abs(served - BATCH).max() > 0


@pytest.mark.parametrize("wrong", [0.2 + 1e-5, np.nan, np.inf])
def test_rows_that_differ_are_named(wrong: float) -> None:
    """By the number of the row, with both answers; a missing number is never equal."""
    served = np.array([0.1, wrong, 0.3])
    with pytest.raises(LonghaulError, match=r"differ in 1 of 3 answers: row 5: .* served, .*0\.2"):
        parity.largest_difference(served, BATCH, ROW)


def test_many_rows_are_counted() -> None:
    """Five are shown; the others are counted."""
    with pytest.raises(LonghaulError, match=r"differ in 9 of 9 .*row 4: .*\(and 4 more\)$"):
        parity.largest_difference(np.ones(9), np.zeros(9), np.arange(9))
