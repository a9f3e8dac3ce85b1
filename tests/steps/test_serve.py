"""The entry point, as a user runs it: it serves until Ctrl-C, and its run says what it did."""

import os
import re
import signal
import time
from pathlib import Path

import mlflow
import psutil
import pytest

from longhaul.tracking.tags import HEADLINE
from longhaul.traffic import prediction_log
from tests import lifecycles
from tests.ports import free_port
from tests.serving import services

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("ended", ["FINISHED", pytest.param("FAILED", marks=pytest.mark.nightly)])
def test_mlflow_run(tracking: str, tmp_path: Path, ended: str) -> None:
    """The record lies where the command was given and is whole; the run is closed; nothing is left.

    SIGTERM, however often it comes, finishes the run. After Ctrl-C, which ends `mlflow run` too,
    MLflow calls it failed.
    """
    says = services.register(tmp_path)
    port = free_port()
    process = lifecycles.start(
        tmp_path,
        str(lifecycles.REPOSITORY),
        "serve",
        who={"MLFLOW_TRACKING_URI": tracking},
        stock=True,
        model="models:/churn@champion",
        port=port,
        workers=2,
        poll_seconds=0.1,
    )
    running = services.Running(f"http://127.0.0.1:{port}", tmp_path / "record")
    services.until(lambda: services.answers(running), 300)
    everyone = psutil.Process(process.pid).children(recursive=True)
    answer = running.post()
    assert says["1"] == [row["probability"] for row in answer.json()["predictions"]]
    if ended == "FINISHED":
        stage = next(one for one in everyone if "steps.serve" in one.cmdline())
        while stage.is_running() and stage.status() != psutil.STATUS_ZOMBIE:
            stage.terminate()
            time.sleep(0.01)
    else:
        os.killpg(process.pid, signal.SIGINT)
    printed, _ = process.communicate(timeout=lifecycles.SECONDS)
    assert len(prediction_log.read(running.record, "churn-1")) == 2, printed
    services.until(lambda: not any(map(services.alive, everyone)))
    (run,) = mlflow.search_runs(
        filter_string="tags.mlflow.project.entryPoint = 'serve'",
        search_all_experiments=True,
        output_format="list",
    )
    assert (run.info.status, run.data.metrics["rows"]) == (ended, 2), printed
    assert run.data.tags[HEADLINE] == "served models:/churn@champion: 2 rows"
    assert re.search(r'"event": "listening"', printed)
