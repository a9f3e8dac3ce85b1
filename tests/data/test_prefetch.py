"""Batches made ready ahead of their use."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from longhaul.data.prefetch import prefetch


@given(st.lists(st.integers(), max_size=20))
def test_items_are_the_same_in_the_same_order(items):
    """However they are nested."""
    assert list(prefetch(items)) == items
    assert list(prefetch(one + 1 for one in prefetch(items))) == [one + 1 for one in items]


def test_the_next_item_is_made_while_one_is_used():
    """One ahead, and no further."""
    made = [threading.Event() for _ in range(4)]

    def making():
        for number, event in enumerate(made):
            event.set()
            yield number

    for number in prefetch(making()):
        assert number == 3 or made[number + 1].wait(20)
        assert not any(event.is_set() for event in made[number + 2 :])


def test_an_error_is_raised_where_the_item_would_have_been():
    """What was made before it is not lost."""

    def making():
        yield 1
        raise ValueError("spoilt")

    found = prefetch(making())
    assert next(found) == 1
    with pytest.raises(ValueError, match="spoilt"):
        next(found)


def test_who_stops_listening_waits_for_nothing_but_the_next():
    """The thread ends."""
    before = threading.active_count()
    found = prefetch(iter(int, 1))  # without end
    assert next(found) == 0
    found.close()
    assert threading.active_count() == before
