"""A real model server: it answers, and whatever happens nothing is left of it."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import mlflow
import pandas as pd
import psutil
import pytest

from longhaul import process
from longhaul.errors import LonghaulError
from longhaul.smoke_test.server import serve_mlflow
from tests import registered

MODEL = """
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

class Model(PythonModel):
    def predict(self, context, model_input: pd.DataFrame, params=None):
        if (model_input["x"] < 0).any():
            raise ValueError("below zero")
        return pd.DataFrame({"probability": model_input["x"] / 3})

set_model(Model())
"""
HOLDER = """
import sys, threading
from longhaul.smoke_test.server import serve_mlflow
from longhaul.pipeline.step import end_cleanly
end_cleanly()
with serve_mlflow(sys.stdin.readline().strip()) as service:
    print(service.address, flush=True)
    threading.Event().wait()
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def model(shared: Path) -> str:
    """The URI of a model that answers a third of x."""
    code = shared / "model.py"
    code.write_text(MODEL)
    with mlflow.start_run() as run:
        mlflow.pyfunc.log_model(name="model", python_model=str(code), pip_requirements=[])
    return f"runs:/{run.info.run_id}/model"


def listening(address: str) -> bool:
    """Whether anything accepts connections there."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", int(address.rpartition(":")[2]))) == 0


def gone(address: str) -> bool:
    """Whether nothing does, given some time."""
    deadline = time.monotonic() + 120
    while listening(address) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not listening(address)


def children() -> set[int]:
    """List the processes below this one: other tests of this worker may have left servers."""
    return {child.pid for child in psutil.Process().children(recursive=True)}


def test_service_answers_refuses_and_ends(model: str) -> None:
    """Probabilities come back exact; a refusal is one line; an error ends the service too."""
    before = children()
    with pytest.raises(KeyError), serve_mlflow(model) as service:  # noqa: PT012
        probability, seconds = service.predict(pd.DataFrame({"x": [1.0, 2.0]}))
        assert probability.tolist() == [1 / 3, 2 / 3]
        assert 0 < seconds < 60
        with pytest.raises(LonghaulError, match="the service answers 4"):
            service.predict(pd.DataFrame({"x": [-1.0]}))
        assert listening(service.address)
        raise KeyError
    assert gone(service.address)
    assert children() <= before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_service_ends_with_its_process(model: str, number: int) -> None:
    """However the process that started it is ended, nothing listens afterwards."""
    process = registered.python(HOLDER)
    process.stdin.write(f"{model}\n")
    process.stdin.flush()
    address = process.stdout.readline().strip()
    assert listening(address)
    process.send_signal(number)
    process.wait()
    assert gone(address)


def test_what_a_dead_server_leaves_behind_ends_too(model: str) -> None:
    """The leader is killed where it cannot take its child along; the whole group ends."""
    script = "import subprocess, time; subprocess.Popen(['sleep', '99']); time.sleep(99)"
    leader = subprocess.Popen([sys.executable, "-c", script], start_new_session=True)
    while len(process._members(leader)) < 2:
        time.sleep(0.05)
    leader.kill()
    process.stop(leader)
    assert process._members(leader) == []


def test_service_that_cannot_start_says_why(model: str, tmp_path: Path) -> None:
    """The last line of its log is the reason."""
    with pytest.raises(LonghaulError, match=r"the service ended with code 1: .*no-such-run"):
        serve_mlflow("runs:/no-such-run/model").__enter__()


def test_service_that_takes_too_long_is_ended(model: str) -> None:
    """The time limit holds, and the process is gone."""
    before = children()
    with pytest.raises(LonghaulError, match="the service does not answer after 0 s"):
        serve_mlflow(model, timeout=0.0).__enter__()
    assert children() <= before
