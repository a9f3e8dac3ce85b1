"""Who may do what: MLflow's own server, asked over HTTP by users of each role."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import mlflow
import pytest
import requests
from click.testing import CliRunner
from mlflow.exceptions import MlflowException

from longhaul.errors import LonghaulError
from longhaul.registry import ledger, promotion
from longhaul.registry.lock import lock
from longhaul.tracking import store
from longhaul.tracking.ui_links import UiLinks
from longhaul.tracking_server import auth
from steps.promote import promote
from steps.user import user
from tests.lifecycles import REPOSITORY
from tests.tracking_server import servers
from tests.tracking_server.servers import Tracking

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracking]:
    with servers.tracking(tmp_path_factory.mktemp("doors")) as one:
        yield one


@pytest.fixture(scope="module")
def model(server: Tracking) -> str:
    """A registered model with two versions, the first of them champion."""
    with server.as_user("kim") as client:
        client.create_registered_model("m")
        for _ in range(2):
            run = client.create_run("0").info.run_id
            client.log_text(run, "{}", "model/MLmodel")
            client.set_terminated(run)
            client.create_model_version("m", f"runs:/{run}/model", run)
        promotion.promote("m", "1", "the first")
    return "m"


def may(action: Callable[[], object]) -> bool:
    """Whether the server lets an action pass."""
    try:
        action()
    except (MlflowException, requests.HTTPError) as error:
        if "403" not in str(error):
            raise
        return False
    return True


def test_nobody_without_a_name(server: Tracking) -> None:
    """Neither to read nor to look at the interface; only health is told."""
    search = f"{server.url}/api/2.0/mlflow/experiments/search?max_results=1"
    assert requests.get(search, timeout=60).status_code == 401
    assert requests.get(server.url, timeout=60).status_code == 401
    assert requests.get(search, auth=("kim", "wrong"), timeout=60).status_code == 401
    assert requests.get(f"{server.url}/health", timeout=60).status_code == 200


def test_other_names_of_the_server_are_refused(server: Tracking) -> None:
    """Against DNS rebinding."""
    search = f"{server.url}/api/2.0/mlflow/experiments/search?max_results=1"
    headers = {"Host": "evil.example"}
    answer = requests.get(search, headers=headers, auth=("kim", servers.PASSWORD), timeout=60)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("name", "logs", "registers"),
    [("rita", False, False), ("tom", True, False), ("kim", True, True)],
)
def test_roles(server: Tracking, model: str, name: str, logs: bool, registers: bool) -> None:
    """What each role may do, and no more."""
    with server.as_user("kim") as client:
        other = client.create_run("0").info.run_id
    with server.as_user(name) as client:
        assert may(lambda: client.search_runs(["0"]))
        assert may(lambda: client.get_model_version(model, "1"))
        assert may(lambda: client.create_run("0")) is logs
        assert may(lambda: client.log_metric(other, "x", 1.0)) is logs
        assert may(lambda: client.log_text(other, "x", "x.txt")) is logs
        assert may(lambda: client.create_experiment(f"of {name}")) is registers
        assert may(lambda: client.create_registered_model(f"of {name}")) is registers
        assert may(lambda: client.set_registered_model_tag(model, "a", "b")) is registers
        assert not may(lambda: client.delete_run(other))


@pytest.mark.parametrize("name", ["rita", "tom"])
def test_who_may_not_promote_cannot(
    server: Tracking, model: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither with Longhaul's stage nor past it, and it leaves no trace in ledger or lock."""
    with server.as_user(name) as client:
        before = ledger.lines(model)
        for alias in ("champion", "challenger"):
            assert not may(lambda alias=alias: client.set_registered_model_alias(model, alias, "2"))
        assert not may(lambda: client.delete_registered_model_alias(model, "champion"))
        assert not may(lambda: client.transition_model_version_stage(model, "2", "Production"))
        assert not may(lambda: promotion.promote(model, "2", "mine"))
        assert promotion.champion(model) == "1"
        assert ledger.lines(model) == before
        assert client.search_registered_models("name = 'm.lock'") == []
    with server.as_user("tom") as client, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_RUN_ID", client.create_run("0").info.run_id)
        arguments = [
            "--model=models:/m/2",
            "--reason=mine",
            "--evidence=",
            "--expected_champion=any",
            "--share=1",
        ]
        with pytest.raises(SystemExit):
            promote.main(arguments)
    said = capsys.readouterr().err
    assert "does not allow tom to do this" in said
    assert said.count("\n") == 1


def test_who_may_promote_can(server: Tracking, model: str) -> None:
    """And the ledger has it; a name that is not there is none, not a refusal."""
    with server.as_user("kim"):
        assert promotion.promote(model, "2", "better") == ("1", "2")
        assert promotion.rollback(model, "worse") == ("2", "1")
        assert [line.state for line in ledger.lines(model)] == ["done"] * 3
        assert {line.who.partition(" ")[0] for line in ledger.lines(model)} == {"kim"}
        assert UiLinks.for_experiment("0").workspace == "default"
        assert promotion.champion("nobody") is None
        assert ledger.lines("nobody") == []


def test_a_lock_of_another_promoter_can_be_broken(server: Tracking, model: str) -> None:
    """Of a process that is gone."""
    script = (
        "import os\nfrom longhaul.registry.lock import lock\n"
        "with lock('m'):\n    os.kill(os.getpid(), 9)\n"
    )
    environment = {**os.environ, **server.who(servers.ADMIN)}
    subprocess.run([sys.executable, "-c", script], env=environment, cwd=REPOSITORY)
    with server.as_user("kim") as client:
        assert client.search_registered_models("name = 'm.lock'")
        with lock(model, timeout=10):
            pass
        assert client.search_registered_models("name LIKE 'm.lock%'") == []


def test_the_stage_that_makes_users(server: Tracking, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made, moved to another role, shown out; a password that was made up is told once."""
    with server.as_user(servers.ADMIN) as client:
        runner = CliRunner()

        def call(role: str) -> str:
            monkeypatch.setenv("MLFLOW_RUN_ID", client.create_run("0").info.run_id)
            return runner.invoke(user, ["--name=ann", f"--role={role}"]).output

        first, headline = call("trainer").splitlines()[-2:]
        password = first.removeprefix("password of ann: ")
        assert headline == "ann is trainer"
        who = ("ann", password)
        search = f"{server.url}/api/2.0/mlflow/experiments/search?max_results=1"
        assert requests.get(search, auth=who, timeout=60).status_code == 200
        assert call("promoter") == "ann is promoter\n"
        names = {role.name for role in auth.client(server.url).list_user_roles("ann")}
        assert {"promoter"} == names & set(auth.ROLES)
        assert call("reader") == "ann is reader\n"
        assert call("none") == "user ann is removed\n"
        assert requests.get(search, auth=who, timeout=60).status_code == 401
        kept = client.search_runs(["0"], max_results=1000)
        assert not [run for run in kept if password in str(run.to_dictionary())]
        with pytest.raises(LonghaulError, match="'king' is none of reader, trainer, promoter"):
            auth.grant_role(auth.client(server.url), "ann", "king")
        with pytest.raises(LonghaulError, match="shorter than 12"):
            auth.grant_role(auth.client(server.url), "ann", "reader", "short")
        with pytest.raises(LonghaulError, match="there is no 'nobody'"):
            auth.remove_user(auth.client(server.url), "nobody")


@pytest.mark.parametrize(
    ("name", "password", "message"),
    [
        ("kim", "wrong", "refuses this user and password"),
        ("rita", servers.PASSWORD, "does not allow rita to do this"),
    ],
)
def test_a_stage_says_in_one_line_who_is_not_let_in(
    server: Tracking, name: str, password: str, message: str
) -> None:
    """A wrong password, or a right one without the right."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")}
    environment |= {**server.who(name), "MLFLOW_TRACKING_PASSWORD": password}
    command = [sys.executable, "-m", "steps.rollback", "--name=m", "--reason=x"]
    answer = subprocess.run(
        command, env=environment, cwd=REPOSITORY, capture_output=True, text=True
    )
    assert answer.returncode == 1
    last = answer.stderr.strip().splitlines()[-1]
    assert message in last
    assert last.startswith("error: rollback: ")
    assert "Traceback" not in answer.stderr


def test_a_server_that_is_not_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """After MLflow has tried again."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri("http://127.0.0.1:9")
    try:
        with pytest.raises(MlflowException) as refused:
            mlflow.MlflowClient().search_experiments()
        line = store.describe_error(refused.value)
    finally:
        mlflow.set_tracking_uri(before)
    assert line.startswith("http://127.0.0.1:9 does not answer")
    assert "\n" not in line


def test_the_configuration_is_for_its_owner_only(tmp_path: Path) -> None:
    """It may hold the database's password, percent signs and all."""
    path = tmp_path / "auth.ini"
    auth.configure(path, "postgresql://u:a%40b@h/d")
    assert path.stat().st_mode & 0o077 == 0
    assert "a%%40b" in path.read_text()
