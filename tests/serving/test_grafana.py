"""The dashboard for Grafana, which cannot be installed here: its queries, and its panels."""

import itertools
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.serving import metric_names

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "grafana"
# What Grafana puts in for its variables.
VARIABLES = {
    "$__rate_interval": "5m",
    "$service": ".*",
    "$model": "churn",
    "$figure": "auc",
}


def dashboard() -> dict[str, Any]:
    return dict(json.loads((FOLDER / "dashboard.json").read_text()))


def panels() -> list[dict[str, Any]]:
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def queries() -> list[str]:
    """Every query of every panel, as Prometheus gets it."""
    texts = [target["expr"] for panel in panels() for target in panel["targets"]]
    for name, value in VARIABLES.items():
        texts = [text.replace(name, value) for text in texts]
    return texts


def test_panels_ask_for_metrics_that_are_there(exported: dict[str, set[str]]) -> None:
    """By the names and labels that service and watch export; so do the lists to choose from."""
    chosen = [item.get("definition", "") for item in dashboard()["templating"]["list"]]
    asked = [*queries(), *chosen]
    problems = [wrong for query in asked for wrong in metric_names.unknown(query, exported)]
    assert not problems, "\n".join(problems)
    named = {name for query in queries() for name in re.findall(r"longhaul_\w+", query)}
    assert {name for name in exported if name.startswith("longhaul_watch_")} <= named | {
        "longhaul_watch_cycles_total"
    }


def test_labels_that_are_shown_or_counted_by_are_there(exported: dict[str, set[str]]) -> None:
    """Those of the legends and of ``by (...)`` belong to the metric that is asked for."""
    problems = []
    for target in itertools.chain.from_iterable(panel["targets"] for panel in panels()):
        text = target["expr"]
        names = re.findall(r"longhaul_\w+", text)
        known = set.intersection(*(exported[name] for name in names)) | {"instance"}
        wanted = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        for labels in re.findall(r"\bby \(([^)]*)\)", text):
            wanted |= set(labels.split(", "))
        problems += [f"{text}: {label}" for label in wanted - known]
    assert not problems, "\n".join(problems)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="takes prometheus")
def test_every_query_is_one(tmp_path: Path) -> None:
    """Prometheus reads it, with what Grafana puts in for its variables."""
    assert not [query for query in queries() if "$" in query]
    rules = [{"record": f"panel:{number}", "expr": text} for number, text in enumerate(queries())]
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    checked = subprocess.run(
        ["promtool", "check", "rules", "--lint=none", str(file)], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_panels_have_a_place_of_their_own() -> None:
    """Ids are told apart, and no panel lies over another, or beyond the 24 columns."""
    every = dashboard()["panels"]
    assert len({panel["id"] for panel in every}) == len(every)
    cells: list[tuple[int, int]] = []
    for panel in every:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        columns = range(place["x"], place["x"] + place["w"])
        cells += itertools.product(columns, range(place["y"], place["y"] + place["h"]))
    assert len(set(cells)) == len(cells)
    assert all(panel["title"] for panel in every)


def test_it_is_provisioned() -> None:
    """Grafana is told of one source and of one folder of dashboards."""
    provisioning = FOLDER / "provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yaml").read_text())[
        "datasources"
    ]
    assert (source["type"], source["url"]) == ("prometheus", "${PROMETHEUS_URL}")
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "longhaul.yaml").read_text())[
        "providers"
    ]
    assert provider["type"] == "file"
    (first, *_) = dashboard()["templating"]["list"]
    assert (first["type"], first["query"]) == ("datasource", source["type"])
