"""Values that JSON and MLflow accept."""

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any


def replace_non_finite(value: Any) -> Any:
    """Replace every number that is not finite by null, in nested mappings and sequences too."""
    if isinstance(value, Mapping):
        return {key: replace_non_finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [replace_non_finite(item) for item in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def sanitize_metric_name(text: str) -> str:
    """Write the characters that MLflow refuses in the name of a metric as codes: ``<`` is _x3C_.

    Different names stay different.
    """
    escaped = re.sub(r"_(?=x[0-9A-F]+_)", "_x5F_", text)
    return re.sub(r"[^\w.\- ]", lambda match: f"_x{ord(match[0]):X}_", escaped)
