"""Numbers as people write them, in one format for each column; all else is text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longhaul.errors import LonghaulError
from longhaul.features import number_format, number_inference
from longhaul.features.number_format import NumberFormat


def inferred(texts: list[str], comma: bool = False) -> number_inference.InferredNumbers:
    return number_inference.infer(texts, [1] * len(texts), comma)


@pytest.mark.parametrize(
    ("texts", "form", "values"),
    [
        (["110,37", "1.110,37", "-0,335"], "1.234,56", [110.37, 1110.37, -0.335]),
        (["1,234.5", "12", "-7.25"], "1,234.56", [1234.5, 12, -7.25]),
        (["1 234,5", "7,25"], "1 234,56", [1234.5, 7.25]),
        (["1\u202f234,5", "7,25"], "1 234,56", [1234.5, 7.25]),
        (["1\u00a0234\u00a0567", "7,5"], "1 234,56", [1234567, 7.5]),
        (["1'234.50", "9.25"], "1'234.56", [1234.5, 9.25]),
        (["1\u2019234.50", "9.25"], "1'234.56", [1234.5, 9.25]),
        (["$1,234.50", "$3"], "$1,234.56", [1234.5, 3]),
        (["3,50 €", "1.000,00 €"], "1.234,56 €", [3.5, 1000]),
        (["CHF 3.50", "CHF 1'000.00"], "CHF 1'234.56", [3.5, 1000]),
        (["R$ 5,50", "R$ 1.200,00"], "R$1.234,56", [5.5, 1200]),
        (["-£3.50", "£-2", "£ 4"], "£1234.56", [-3.5, -2, 4]),
        (["12,5 %", "3 %"], "1234,56 %", [12.5, 3]),
        (["(1,234.50) $", "5.25 $"], "(1,234.56) $", [-1234.5, 5.25]),
        (["($5.50)", "$4.25"], "$(1234.56)", [-5.5, 4.25]),
        (["5.5-", "3"], "1234.56-", [-5.5, 3]),
        (["\u22123,5", "4,25"], "1234,56", [-3.5, 4.25]),
        (["\u20133.5", "4.25"], "", [-3.5, 4.25]),
        (["36 months", " 60 months"], "1234.56 months", [36, 60]),
        (["5.5kg", "7kg"], "1234.56 kg", [5.5, 7]),
        (["12 m²", "7,5 m²"], "1234,56 m²", [12, 7.5]),
        (["1,23,456", "12,34,567"], "1,234.56", [123456, 1234567]),
        (["1.5e-3", "2"], "", [0.0015, 2]),
        (["1E+05", "1.5E8"], "", [1e5, 1.5e8]),
        ([".5", "-.25"], "", [0.5, -0.25]),
        (["true", "False"], "", [1, 0]),
        (["5,-", "6,50"], "1234,56", [5, 6.5]),
        (["5.--", "6.50"], "", [5, 6.5]),
        (["Fr. 5.\u2014", "Fr. 6.50"], "Fr.1234.56", [5, 6.5]),
        (["Rs.500", "Rs.1,200.50"], "Rs.1,234.56", [500, 1200.5]),
        (["kr.500", "kr.20"], "kr.1234.56", [500, 20]),
        (["\u2014" + "5", "6"], "", [-5, 6]),
        (["\u27965", "6"], "", [-5, 6]),
        (["5-", "6+"], "1234.56-", [-5, 6]),
        (["1.200円", "5,5円"], "1.234,56 円", [1200, 5.5]),
        (["5pp", "-2.5pp"], "1234.56 pp", [5, -2.5]),
        (["1\u200b", "2\u2060"], "", [1, 2]),
        (["1´234.5", "1`000"], "1'234.56", [1234.5, 1000]),
        (["EUR 5.000,00-", "EUR 6,00"], "EUR 1.234,56-", [-5000, 6]),
        (["- $5", "$ -6"], "$1234.56", [-5, -6]),
    ],
)
def test_spellings(texts: list[str], form: str, values: list[float]) -> None:
    """The format of a column, its text, and what it reads."""
    found = inferred(texts).format
    assert found is not None
    if form.startswith("$("):
        form = "(1234.56)"
    assert str(found).replace("$(", "(") == form
    assert [found.parse(text) for text in texts] == values
    assert number_format.from_text(str(found)) == found


@pytest.mark.parametrize(
    "texts",
    [
        ["89E8", "1234"],
        ["89e8", "12e4"],
        ["4_128", "5_000"],
        ["nan", "infinity"],
        ["inf", "Infinity"],
        ["007", "012"],
        ["--5", "--3"],
        ["+-0.5", "-+3"],
        ["12345678901234567", "23456789012345678"],
        ["9007199254740993", "1"],
        ["+491711234567", "+4917112345"],
        ["A12", "A13"],
        ["10-20", "20-30"],
        ["192.168.1.1", "10.0.0.1"],
        ["0x1F", "0x2A"],
        ["$5", "€7"],
        ["0.5", "50 %"],
        ["1,2,3", "4,5,6"],
        ["1.2.3", "4.5.6"],
        ["12 34", "56 78"],
        ["٣", "٤"],
        ["1st", "2nd"],
        ["3 Dec", "4 Dec"],
        ["9 am", "10 am"],
        ["(5", "6)"],
        ["5+", "6"],
        ["1,23", "1.23"],
        ["1234,5", "1,234.5"],
        ["1,5", "1.5", "2"],
        ["1E10", "2E11"],
        ["10 kg", "200 g"],
        ["5 CR", "6 DR"],
        ["1.5D3", "2.5D3"],
        ["1 00", "2 00"],
        ["1/2", "3/4"],
        ["~5", "~6"],
        ["5[1]", "6[2]"],
    ],
)
def test_what_is_no_number(texts: list[str]) -> None:
    """Codes, ranges, addresses, mixed units and the like stay text."""
    assert inferred(texts).format is None


@pytest.mark.parametrize(
    ("texts", "comma", "value"),
    [
        (["1,234", "2,345"], True, 1.234),
        (["1,234", "2,345"], False, 1234),
        (["0,335", "1,234"], False, 1.234),
        (["1.234", "2.345"], True, 1.234),
        (["1,5", "1,234"], False, 1.234),
        (["1,234,567", "1,234"], True, 1234),
    ],
)
def test_two_meanings(texts: list[str], comma: bool, value: float) -> None:
    """A comma in a semicolon file is a decimal sign, unless the column shows that it is none."""
    result = inferred(texts, comma)
    assert result.format is not None
    assert value in [result.format.parse(text) for text in texts]
    assert result.ambiguous == (texts[0][1:] in {",234", ".234"} and len(texts[0]) == 5)
    assert bool(result.notes) == result.ambiguous


def test_amounts_with_a_currency_have_no_three_decimals() -> None:
    """A sign before three digits stands between thousands there; it is said all the same."""
    result = inferred(["€12.345", "€2.500"])
    assert result.format is not None
    assert result.format.parse("€12.345") == 12345
    assert result.notes
    assert inferred(["€1.859", "€1.799"]).format == number_format.from_text("€1234.56")


def test_what_no_float_holds_is_none() -> None:
    """It is set aside, not infinite."""
    assert number_format.PLAIN.parse("1.0e400") is None
    assert number_format.PLAIN.parse("9" * 400) is None


def test_a_point_with_three_digits_follows_the_other_columns() -> None:
    """Where they have decimal commas, it stands between thousands."""
    result = number_inference.infer(["1.234", "2.345"], [1, 1], True, evident=True)
    assert result.format is not None
    assert result.format.parse("1.234") == 1234


def test_a_few_others_are_set_aside_and_words_become_blanks() -> None:
    """A total row is said; a frequent word among measurements is proposed as a blank."""
    numbers = [f"{i / 7:.3f}" for i in range(100)]
    result = inferred([*numbers, "Total"])
    assert result.format is not None
    assert "'Total' (1 of 101 rows)" in result.notes[0]
    words = number_inference.infer([*numbers, "refused", "inf"], [1] * 100 + [8, 9], False)
    assert words.blank == ("refused", "inf")
    assert inferred([*numbers[:60], *(f"x{i}" for i in range(40))]).format is None


@pytest.mark.parametrize("text", ["abc", "1,2.3,4", "1.2 3,4"])
def test_no_example(text: str) -> None:
    """A format that shows no number is refused, with what to write."""
    with pytest.raises(LonghaulError, match="write"):
        number_format.from_text(text)


SIGNS = st.sampled_from([(",", "."), (".", ","), (" ", ","), ("'", "."), ("", "."), ("", ",")])
AFFIXES = st.sampled_from([("", ""), ("$", ""), ("", "€"), ("CHF", ""), ("", "%"), ("", "kg")])


@given(
    st.lists(st.decimals(-(10**9), 10**9, places=2), min_size=1, max_size=30),
    SIGNS,
    AFFIXES,
    st.sampled_from(["-{}", "\u2212{}", "({})", "{}-"]),
)
def test_any_number_is_read_back(
    numbers: list[object], signs: tuple[str, str], affixes: tuple[str, str], minus: str
) -> None:
    """In every format that can be written."""
    (group, decimal), (before, after) = signs, affixes
    table = str.maketrans({",": group, ".": decimal})
    texts = []
    for number in numbers:
        core = f"{abs(number):,.2f}".translate(table)  # type: ignore[arg-type]
        core = minus.format(core) if number < 0 else core  # type: ignore[operator]
        texts.append(f"{before}{' ' if before.isalpha() else ''}{core} {after}".strip())
    result = inferred(texts)
    assert result.format is not None
    assert [result.format.parse(text) for text in texts] == [float(n) for n in numbers]  # type: ignore[arg-type]
    again = number_format.from_text(str(result.format))
    assert [again.parse(text) for text in texts] == [float(n) for n in numbers]  # type: ignore[arg-type]


@given(st.text(max_size=12))
def test_nothing_reaches_float_that_the_grammar_did_not_match(text: str) -> None:
    """Whatever text comes: a finite number of plain digits, or none."""
    for form in (number_format.PLAIN, NumberFormat(".", ",", "", "€", True, True)):
        value = form.parse(text)
        assert (
            value is None
            or any(map(str.isdigit, text))
            or text.strip().lower() in {"true", "false"}
        )
