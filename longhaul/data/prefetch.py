"""Prefetching: each item is made in a thread while the one before it is used."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

_END: Any = object()


def prefetch(items: Iterable[T]) -> Iterator[T]:
    """Yield items in order, each made in a thread while the one before it is used.

    Parameters
    ----------
    items : iterable
        Worked on by one thread at a time, and never further than one item ahead.

    Yields
    ------
    object
        Each item; what making it raises is raised where it would have been yielded.
    """
    iterator = iter(items)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, iterator, _END)
        while (item := coming.result()) is not _END:
            coming = pool.submit(next, iterator, _END)
            yield item
