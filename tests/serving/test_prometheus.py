"""Prometheus: the rules that are shipped, and a real one that scrapes a service and a watch."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from longhaul import process
from longhaul.evaluation.intervals import Interval
from longhaul.monitoring import serialisation
from longhaul.monitoring.assessment import Monitor
from longhaul.monitoring.evidence import ServiceLosses
from longhaul.watch.figures import WatchFigures
from longhaul.watch.page import WatchPages
from tests import ports
from tests.monitoring import monitored
from tests.serving import metric_names, services, test_grafana

REPOSITORY = Path(__file__).resolve().parents[2]
DEPLOY = REPOSITORY / "deploy" / "prometheus"
RULES = DEPLOY / "rules.yaml"
TOKEN = "a-token-of-this-test"
needs_prometheus = pytest.mark.skipif(
    not (shutil.which("promtool") and shutil.which("prometheus")), reason="takes prometheus"
)


@needs_prometheus
def test_the_rules() -> None:
    """Each fires when it should, with its words, and none when all is well."""
    command = ["promtool", "test", "rules", str(REPOSITORY / "tests" / "prometheus_rules.yaml")]
    tested = subprocess.run(command, capture_output=True, text=True)
    assert tested.returncode == 0, tested.stdout + tested.stderr


@needs_prometheus
def test_the_configuration() -> None:
    """Prometheus itself takes it, with the rules that it names."""
    command = ["promtool", "check", "config", str(DEPLOY / "prometheus.yaml")]
    checked = subprocess.run(command, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_rule_is_tested_and_says_what_to_do() -> None:
    """No rule is without a test that makes it fire, a severity, a summary and a next step."""
    rules = alert_rules()
    tested = (REPOSITORY / "tests" / "prometheus_rules.yaml").read_text()
    for rule in rules:
        assert re.search(rf"\b{rule['alert']}\b", tested), rule["alert"]
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["annotations"]["description"]
    assert len({rule["alert"] for rule in rules}) == len(rules) == 15


def test_rules_ask_for_metrics_that_are_there(exported: dict[str, set[str]]) -> None:
    """By the names and labels that service and watch export."""
    problems = [
        wrong for rule in alert_rules() for wrong in metric_names.unknown(rule["expr"], exported)
    ]
    assert not problems, "\n".join(problems)


def test_what_is_not_exported_is_seen(exported: dict[str, set[str]]) -> None:
    """The check above does check."""
    assert metric_names.unknown('rate(longhaul_requests{status="200"}[5m])', exported)
    assert metric_names.unknown('longhaul_requests_total{code="200"}', exported)
    assert not metric_names.unknown('longhaul_requests_total{status="200", job="a"} / up', exported)


@pytest.mark.slow
@needs_prometheus
def test_a_real_one_scrapes_both(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the file that is shipped, with a token: figures of both, and a rule that fires."""
    tokens = tmp_path / "token"
    tokens.write_text(TOKEN)
    monkeypatch.setenv("LONGHAUL_TOKENS", TOKEN)
    figures = watched()
    pages = WatchPages("127.0.0.1", 0, figures.exposition, dict)
    with services.serving(shared / "record") as service, pages:
        answer = service.post(authorization=f"Bearer {TOKEN}")
        assert answer.ok, answer.text
        config = configuration(service.address, pages.address, tokens)
        with prometheus(tmp_path, config) as address:
            expected = {
                'up{job="longhaul-service"}': 1,
                'up{job="longhaul-watch"}': 1,
                'longhaul_rows_total{model="churn",version="1"}': len(services.ROWS),
                "longhaul_watch_rows": 400,
                'ALERTS{alertname="ColumnDrifted",column="calls",alertstate="firing"}': 1,
            }
            for query, value in expected.items():
                services.until(lambda query=query, value=value: ask(address, query) == value, 60)
            for query in test_grafana.queries():
                reply = answer_to(address, query)
                assert reply["status"] == "success", query
                is_rate = "increase(" in query  # takes two scrapes
                assert reply["data"]["result"] or "watch" not in query or is_rate, query
            requests_total = 'sum(longhaul_requests_total{status="200"})'
            assert (ask(address, requests_total) or 0) >= 1
            services.until(lambda: healths(address) == {"ok"}, 60)


def watched() -> WatchFigures:
    """Figures of a real assessment, of a month in which a column that counts has moved."""
    monitor = Monitor(monitored.reference(), monitored.problem(), {"auc": Interval(0.75, 0.7, 0.8)})
    seen = monitored.observation(monitored.rows(400, calls=40))
    assessment = monitor.assess("2020-07", seen, [monitor.realized("2020-07", seen)])
    figures = WatchFigures("churn")
    figures.show(serialisation.to_dict(assessment), "1", ServiceLosses())
    for name in ("looked_seconds", "newest_row_seconds", "newest_outcome_seconds"):
        figures.set(name, time.time())
    figures.set("failing_periods", 0)
    figures.set("correction_shift", 0.5, "1")
    return figures


def configuration(service: str, watch: str, tokens: Path) -> dict[str, Any]:
    """The file that is shipped, for these addresses and this token, and quicker."""
    config: dict[str, Any] = yaml.safe_load((DEPLOY / "prometheus.yaml").read_text())
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(DEPLOY / name) for name in config["rule_files"]]
    for job, address in zip(config["scrape_configs"], (service, watch), strict=True):
        job["static_configs"] = [{"targets": [address.removeprefix("http://")]}]
    config["scrape_configs"][0]["authorization"] = {"credentials_file": str(tokens)}
    return config


@contextmanager
def prometheus(folder: Path, config: dict[str, Any]) -> Iterator[str]:
    """Start one on a free port; yields its address when it is ready."""
    file, port = folder / "prometheus.yaml", ports.free_port()
    file.write_text(yaml.safe_dump(config))
    command = [
        "prometheus",
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    server = process.start(command, folder, folder / "prometheus.log")
    address = f"http://127.0.0.1:{port}"
    try:
        services.until(lambda: is_ready(address), 60)
        yield address
    finally:
        process.stop(server)


def is_ready(address: str) -> bool:
    try:
        return requests.get(f"{address}/-/ready", timeout=10).ok
    except requests.RequestException:
        return False


def ask(address: str, query: str) -> float | None:
    """The value of a query that has one; None where there is none yet."""
    result = answer_to(address, query)["data"]["result"]
    values = [float(sample["value"][1]) for sample in result]
    return values[0] if values else None


def answer_to(address: str, query: str) -> dict[str, Any]:
    return dict(requests.get(f"{address}/api/v1/query", {"query": query}, timeout=10).json())


def healths(address: str) -> set[str]:
    """How the rules are, all of which have been evaluated."""
    answer = requests.get(f"{address}/api/v1/rules", timeout=10).json()
    return {rule["health"] for group in answer["data"]["groups"] for rule in group["rules"]}


def alert_rules() -> list[dict[str, Any]]:
    """The rules that are shipped."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]
