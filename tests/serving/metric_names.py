"""Names of metrics that the service and the watch export, to hold queries against."""

import re

from longhaul.serving.metrics import ServiceMetrics
from longhaul.watch.figures import WatchFigures

_SUFFIXES = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}
_OF_PROMETHEUS = {"job", "instance"}  # labels that it gives to each series


def exported() -> dict[str, set[str]]:
    """Every series, with its labels; takes the folder of `longhaul.serving.metrics`."""
    collectors = [*WatchFigures("churn")._registry._collector_to_names]
    collectors += vars(ServiceMetrics()).values()
    series: dict[str, set[str]] = {"up": set()}
    for collector in collectors:
        labels = set(collector._labelnames) | ({"le"} if collector._type == "histogram" else set())
        for suffix in _SUFFIXES[collector._type]:
            series[collector._name + suffix] = labels
    return series


def unknown(query: str, series: dict[str, set[str]]) -> list[str]:
    """What a query asks for that nobody exports: names, and labels of a name."""
    problems = []
    for name, selector in re.findall(r"\b(longhaul_\w+|up)\b(?:\{([^}]*)\})?", query):
        labels = set(re.findall(r"(\w+)\s*(?:=|!=|=~|!~)\s*\"", selector)) - _OF_PROMETHEUS
        if name not in series:
            problems.append(f"{name}: not exported")
        elif labels - series[name]:
            problems.append(f"{name}: has no label {labels - series[name]}")
    return problems
