"""The files of other MLflow backends, read by MLflow itself: there is no cluster to run them."""

import json
import re
from pathlib import Path

import pytest
import yaml
from mlflow.projects import _parse_kubernetes_config, databricks, docker
from mlflow.projects.utils import load_project

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"


def test_kubernetes_backend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The template is found and has what MLflow fills in; the changed project has an image."""
    monkeypatch.chdir(ROOT)
    config = json.loads((DEPLOY / "kubernetes" / "backend.json").read_text())
    template = _parse_kubernetes_config(config)["kube-job-template"]
    assert template["kind"] == "Job"
    assert template["metadata"].keys() >= {"name", "namespace"}
    (container,) = template["spec"]["template"]["spec"]["containers"]
    assert container.keys() >= {"name", "image", "command", "env"}
    assert isinstance(container["env"], list)
    text = (ROOT / "MLproject").read_text()
    changed, times = re.subn("(?m)^python_env: .*", "docker_env: {image: longhaul}", text)
    assert times == 1
    (tmp_path / "MLproject").write_text(changed)
    project = load_project(str(tmp_path))
    docker.validate_docker_env(project)
    assert project.docker_env["image"] == "longhaul"


def test_the_cron_job_runs_a_stage_that_there_is() -> None:
    """With parameters that it has, and all that it requires."""
    job = yaml.safe_load((DEPLOY / "kubernetes" / "cronjob.yaml").read_text())
    (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    (line,) = container["args"]
    found = re.search(r"mlflow run /opt/longhaul -e (\w+) (.*)", line)
    assert found
    stage = load_project(str(ROOT)).get_entry_point(found[1])
    given = dict(re.findall(r"-P (\w+)=(\S+)", found[2]))
    assert not set(given) - set(stage.parameters)
    assert all(one.default is not None or name in given for name, one in stage.parameters.items())


def test_databricks_backend() -> None:
    """A new cluster, as MLflow asks for."""
    config = json.loads((DEPLOY / "databricks" / "cluster.json").read_text())
    databricks.before_run_validations("databricks", config)
    assert config["new_cluster"].keys() == {"spark_version", "node_type_id", "num_workers"}
