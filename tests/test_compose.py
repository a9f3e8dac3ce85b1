"""The compose file: without Docker, its commands, mounts and addresses are checked one by one."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from longhaul import process
from tests.ports import free_port
from tests.serving import services

REPOSITORY = Path(__file__).resolve().parents[1]
DEPLOY = REPOSITORY / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
ENTRY_POINTS = yaml.safe_load((REPOSITORY / "MLproject").read_text())["entry_points"]


def test_commands_are_those_of_entry_points() -> None:
    """With parameters that they have, none missing."""
    run = set()
    for service in COMPOSE.values():
        first, *options = service.get("command", [""])
        if not first.startswith("--entry-point="):
            continue
        declared = ENTRY_POINTS[first.partition("=")[2]]["parameters"]
        given = {option.removeprefix("-P").partition("=")[0] for option in options}
        needed = {
            name
            for name, parameter in declared.items()
            if not (isinstance(parameter, dict) and "default" in parameter)
        }
        assert needed <= given <= set(declared)
        run.add(first.partition("=")[2])
    assert run == {"server", "serve", "watch"}


@pytest.mark.parametrize("name", ["longhaul-server.service", "kubernetes/cronjob.yaml"])
def test_other_files_give_parameters_that_are_there(name: str) -> None:
    """Those that a system or a cluster starts."""
    text = (DEPLOY / name).read_text().replace("\\\n", " ")
    calls = re.findall(r"mlflow run \S+ -e (\w+)(.*)", text)
    assert calls
    for step, options in calls:
        given = set(re.findall(r"-P (\w+)=", options))
        assert given
        assert given <= set(ENTRY_POINTS[step]["parameters"])


def test_what_is_mounted_is_there() -> None:
    """Each file and folder of `deploy/`; the others are volumes that are declared."""
    declared = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["volumes"]
    for service in COMPOSE.values():
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source in declared or (DEPLOY / source).exists(), volume
    assert {"prometheus", "grafana"} <= set(declared)


def test_prometheus_asks_the_same_by_other_names() -> None:
    """As the file for one machine, but for targets and token; each target is a service's port."""
    files = [
        DEPLOY / "prometheus" / f"{name}.yaml" for name in ("prometheus", "prometheus.compose")
    ]
    local, composed = (yaml.safe_load(file.read_text()) for file in files)
    assert composed["rule_files"] == local["rule_files"]
    for here, there in zip(local["scrape_configs"], composed["scrape_configs"], strict=True):
        assert here["job_name"] == there["job_name"]
        (address,) = here["static_configs"][0]["targets"]
        (target,) = there["static_configs"][0]["targets"]
        name, _, port = target.partition(":")
        assert address == f"127.0.0.1:{port}"
        assert f"127.0.0.1:{port}:{port}" in COMPOSE[name]["ports"]
        step = COMPOSE[name]["command"][0].partition("=")[2]
        assert ENTRY_POINTS[step]["parameters"]["port"]["default"] == int(port)


def test_grafana_reads_the_dashboard() -> None:
    """It is mounted where the provisioning looks, and the address is Prometheus' own."""
    provider = DEPLOY / "grafana" / "provisioning" / "dashboards" / "longhaul.yaml"
    folder = yaml.safe_load(provider.read_text())["providers"][0]["options"]["path"]
    assert f"./grafana/dashboard.json:{folder}/longhaul.json:ro" in COMPOSE["grafana"]["volumes"]
    assert COMPOSE["grafana"]["environment"]["PROMETHEUS_URL"] == "http://prometheus:9090"


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="takes docker-compose")
def test_docker_compose_reads_it() -> None:
    """With the example's environment."""
    file, example = DEPLOY / "compose.yaml", DEPLOY / "example.env"
    command = ["docker-compose", "-f", str(file), "--env-file", str(example), "config", "--quiet"]
    read = subprocess.run(command, capture_output=True, text=True)
    assert read.returncode == 0, read.stderr


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("prometheus") is None, reason="takes prometheus")
def test_the_command_of_prometheus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shell's lines are run as they are, in another folder: it gets ready, with the token."""
    (lines,) = COMPOSE["prometheus"]["command"]
    text = lines.replace("$$", "$").replace("/etc/prometheus", str(DEPLOY / "prometheus"))
    text = re.sub(r"(?<=[>=])/prometheus\b", str(tmp_path), text)
    port = free_port()
    monkeypatch.setenv("METRICS_TOKEN", "a-token-of-this-test")
    command = ["sh", "-c", f"{text.strip()} --web.listen-address=127.0.0.1:{port}"]
    server = process.start(command, tmp_path, tmp_path / "log")

    def is_ready() -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{port}/-/ready", timeout=10).ok
        except requests.RequestException:
            return False

    try:
        services.until(is_ready, 60)
    finally:
        process.stop(server)
    assert (tmp_path / "token").read_text() == "a-token-of-this-test"
    assert (tmp_path / "token").stat().st_mode & 0o77 == 0
