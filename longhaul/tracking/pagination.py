"""All that a search of MLflow's finds, page after page."""

from collections.abc import Callable, Iterator
from typing import Any

from mlflow.store.entities import PagedList


def paginate(search: Callable[..., PagedList], *arguments: Any, **named: Any) -> Iterator[Any]:
    """Each thing found; `search` is a method of MLflow's client that takes ``page_token``."""
    token = None
    while token != "":
        page = search(*arguments, **named, page_token=token)
        yield from page
        token = page.token or ""
