"""Files that arrive later: a number that is given once, whatever comes, goes or changes."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longhaul.data import deliveries
from longhaul.data.deliveries import Delivery
from longhaul.errors import LonghaulError


def digests(*names: str) -> dict[str, str]:
    """Name files, each with a content of its own."""
    return {name: f"content of {name}" for name in names}


def numbered(names: list[str], recorded: list[Delivery] | None = None) -> dict[str, int]:
    """Number some files after five parts of a source; the numbers by name."""
    listed = deliveries.number(digests(*names), recorded or [], 5)
    return {delivery.name: delivery.number for delivery in listed}


@pytest.mark.parametrize(
    "names",
    [
        ["delivery-8.csv", "delivery-9.csv", "delivery-10.csv"],
        ["2.csv", "10.csv", "100.csv"],
        ["Week 9.csv", "week 10.csv", "Week 11.csv"],
        ["2024-2-9.csv", "2024-2-10.csv", "2024-12-1.csv"],
        ["part9/a.csv", "part10/a.csv"],
        ["a1b9.csv", "a1b10.csv", "a2b1.csv"],
        ["08.csv", "8.csv", "9.csv"],
        ["a.csv", "a1.csv", "b.csv"],
        ["v1.9.csv", "v1.10.csv"],
    ],
)
def test_files_first_seen_together_are_in_natural_order(names: list[str]) -> None:
    """Numbers count as numbers, whatever the order they are listed in."""
    shuffled = random.Random(0).sample(names, len(names))
    assert list(numbered(shuffled)) == names
    assert list(numbered(shuffled).values()) == [*range(5, 5 + len(names))]


def test_a_number_is_kept_when_earlier_names_arrive() -> None:
    """An eighth delivery that comes after the ninth and tenth is the batch after them."""
    first = deliveries.number(digests("d-9", "d-10"), [], 5)
    assert numbered(["d-8", "d-9", "d-10", "d-11"], first) == {
        "d-9": 5,
        "d-10": 6,
        "d-8": 7,
        "d-11": 8,
    }


def test_a_file_that_is_gone_keeps_its_number() -> None:
    """No other file becomes its batch, and it is said to be gone."""
    first = deliveries.number(digests("a", "b"), [], 5)
    assert numbered(["b", "c"], first) == {"b": 6, "c": 7}
    (note,) = deliveries.missing(first, first[1:])
    assert note == "batches.later: 'a' is gone; it was batch-0005, and no other file becomes it"


@pytest.mark.parametrize(
    ("present", "parts", "message"),
    [
        ({"a": "other"}, 5, r"'a' is batch-0005 and has changed since it was first seen; put the"),
        ({"c": "content of a"}, 5, r"'c' has the same content as 'a', which is batch-0005; take"),
        ({"c": "x", "d": "x"}, 5, r"'d' has the same content as 'c', which is batch-0007; take"),
        ({}, 6, r"batches\.parts: with 6, batch-0005 is a part .* 'a' has been that batch; set"),
    ],
    ids=["changed", "renamed", "copied", "parts"],
)
def test_what_would_take_the_number_of_another_is_refused(
    present: dict[str, str], parts: int, message: str
) -> None:
    """One line: the file, its batch and what to do."""
    recorded = deliveries.number(digests("a", "b"), [], 5)
    with pytest.raises(LonghaulError, match=message):
        deliveries.number(present, recorded, parts)


@given(st.lists(st.sets(st.text("ab0189-", min_size=1, max_size=5), max_size=6), max_size=5))
def test_whatever_comes_and_goes_no_number_moves(visits: list[set[str]]) -> None:
    """A file has the number of its first day on every later one, and shares it with none."""
    recorded: list[Delivery] = []
    for names in visits:
        listed = deliveries.number(digests(*names), recorded, 3)
        assert {delivery.name for delivery in listed} == names
        recorded += [delivery for delivery in listed if delivery not in recorded]
    assert len({delivery.number for delivery in recorded}) == len(recorded)
    assert len({delivery.name for delivery in recorded}) == len(recorded)
