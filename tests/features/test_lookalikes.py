"""What looks like numbers or times and is read as text is said, with examples."""

import pytest

from longhaul.features import lookalikes


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["FY2023", "FY2024"], "looks like times"),
        (["2022/23", "2023/24"], "looks like times"),
        (["H1 2023", "H2 2023"], "looks like times"),
        (["Jan 5", "Feb 6"], "looks like times"),
        (["'2023-01-31", "'2023-02-01"], "looks like times"),
        (["12:30:45", "13:45:01"], "times of day"),
        (["10:30 PM", "11:30 AM"], "times of day"),
        (["%5", "%6"], "number % 1234.56"),
        (["No. 5", "No. 61"], "number No. 1234.56"),
        (["5percent", "6.5percent"], "number 1234.56 percent"),
        (["1_000", "2_000"], "digits and signs"),
        (["1/2", "3/4"], "digits and signs"),
        (["<30", ">30"], "digits and signs"),
        (["192.168.0.1", "10.0.0.1"], "digits and signs"),
        (["٣", "٤"], "digits and signs"),
        (["5'10\"", "6'2\""], "digits and signs"),
    ],
)
def test_what_is_said(texts: list[str], said: str) -> None:
    """Never without the values themselves."""
    note = lookalikes.note(texts)
    assert said in note
    assert repr(texts[0]) in note


@pytest.mark.parametrize(
    "texts", [[], ["A1", "B2"], ["red", "blue"], ["1st", "2nd"], ["May", "June"]]
)
def test_plain_words_need_no_note(texts: list[str]) -> None:
    """Codes and names are what they are."""
    assert lookalikes.note(texts) == ""
