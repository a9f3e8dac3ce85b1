"""Values as JSON knows them, and names as MLflow takes them."""

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any


def replace_non_finite(value: Any) -> Any:
    """The same value, with null for every number that is not finite: JSON has no word for those."""
    if isinstance(value, Mapping):
        return {key: replace_non_finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [replace_non_finite(item) for item in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def sanitize_metric_name(text: str) -> str:
    """A text with nothing but what MLflow lets into the name of a metric."""
    return re.sub(r"[^\w.\- ]", "_", text)
