"""Numbers that are times, or may be some."""

import numpy as np
import pytest

from longhaul.data import dated_numbers


@pytest.mark.parametrize(
    ("values", "name", "spelling", "said"),
    [
        ([20230130, 20230131, 20230201], "code", "%Y%m%d", ""),
        ([20230131, 20230201], "date", "%Y%m%d", ""),
        ([20230131, 20230299, 20230201], "date", "", ""),
        ([20230131101112, 20230201111213, 20230202111213], "x", "%Y%m%d%H%M%S", ""),
        ([202301311011, 202302011112, 202302021112], "x", "%Y%m%d%H%M", ""),
        ([202301, 202302, 202303], "month", "%Y%m", ""),
        ([202301, 202302, 202303], "x", "", "date %Y%m"),
        ([230131, 230201, 230202], "day", "", "date %y%m%d"),
        ([230131, 230201, 230202], "x", "", ""),
        ([1675159872, 1675159873, 1675159874], "created_at", "epoch s", "seconds"),
        ([1675159872.5, 1675159873.25, 1675159874.1], "time", "epoch s", "seconds"),
        ([1675159872123, 1675159873124, 1675159874999], "x", "", "date epoch ms"),
        ([44957, 44958, 44960.5], "date", "", "44957 is 2023-01-31"),
        ([44957, 44958, 44960], "x", "", ""),
        ([2023, 2024, 2025], "year", "", ""),
        ([20200131, 20200131], "day", "", ""),
    ],
)
def test_numbers(values: list[float], name: str, spelling: str, said: str) -> None:
    """By their digits and their range; short ones only where the name is typical of times."""
    found, note = dated_numbers.infer(np.array(values, float), name)
    assert found == spelling
    assert (said in note) if said else not note
