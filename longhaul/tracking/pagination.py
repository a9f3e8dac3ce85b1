"""Searches of MLflow's client, read page after page."""

from collections.abc import Callable, Iterator
from typing import Any

from longhaul.tracking.mlflow_internals import PagedList


def paginate(search: Callable[..., PagedList], *arguments: Any, **named: Any) -> Iterator[Any]:
    """Yield every match; `search` is a method of MLflow's client that takes ``page_token``."""
    token = None
    while token != "":
        page = search(*arguments, **named, page_token=token)
        yield from page
        token = page.token or ""
