"""A standalone cluster on loopback, a master and two workers, of which one is killed at work."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyspark
import pytest

from longhaul.data import parquet
from longhaul.engines.spark import session as sessions
from longhaul.model import predictions
from longhaul.monitoring.observation import count
from tests.engines.conftest import JAVA, ORIGIN, configure, copy
from tests.monitoring import monitored
from tests.ports import free_port
from tests.tables import churn

ROOT = Path(__file__).resolve().parents[2]
PARTS = 24
ROWS = 24_000
DRIVER = """
import json, sys, threading, time
from pathlib import Path
from longhaul.engines.spark.observation import observe
from longhaul.engines.spark.session import session
from tests.monitoring import monitored
from tests.ports import free_port

source, scored = map(Path, sys.argv[1:])
encoder = monitored.fitted().package.predictor.encoder
with session("cluster") as spark:
    context = spark.sparkContext
    while context._jsc.sc().getExecutorMemoryStatus().size() < 3:  # the driver is one of them
        time.sleep(0.1)
    tracker = context.statusTracker()

    def watch():
        while True:
            stages = [tracker.getStageInfo(n) for n in tracker.getActiveStageIds()]
            if any(one and one.numTasks >= 20 and one.numCompletedTasks >= 2 for one in stages):
                print("at work", flush=True)
                return
            time.sleep(0.02)

    threading.Thread(target=watch, daemon=True).start()
    seen = observe(
        spark, source, scored, monitored.problem(), True, encoder, monitored.reference()
    )
    print(json.dumps(seen.counts.to_dict() | {"scores": seen.scores.to_dict()}), flush=True)
"""


def spawn(folder: Path, kind: str, *arguments: str) -> "subprocess.Popen[bytes]":
    """One of Spark's own daemons, in a process group of its own."""
    home = Path(pyspark.__file__).parent
    return subprocess.Popen(
        [home / "bin" / "spark-class", f"org.apache.spark.deploy.{kind}", *arguments],
        env={
            **os.environ,
            "SPARK_HOME": str(home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_DAEMON_JAVA_OPTS": JAVA,
        },
        stdout=(folder / f"{kind}.log").open("ab"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list["subprocess.Popen[bytes]"]]]:
    """The master's address, and the two workers."""
    port = str(free_port())
    local = ("--host", "127.0.0.1", "--webui-port", "0")
    started = [spawn(tmp_path, "master.Master", *local, "--port", port)]
    master = f"spark://127.0.0.1:{port}"
    for name in ("one", "two"):
        work = ("--work-dir", str(tmp_path / name), "--cores", "1", "--memory", "2g")
        started.append(spawn(tmp_path, "worker.Worker", *local, *work, master))
    yield master, started[1:]
    for process in started:
        end(process)


def end(process: "subprocess.Popen[bytes]") -> None:
    """Kill a daemon and the executors that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def table(folder: Path) -> tuple[Path, Path]:
    """A period and its predictions, in enough parts to kill a worker between."""
    frame = churn(rows_per_month=ROWS, seed=5)
    frame = frame[frame["day"].dt.strftime("%Y-%m") == "2020-07"].reset_index(drop=True)
    source = folder / "2020-07.parquet"
    parquet.write(frame, source)
    scored = folder / "scored.parquet"
    predictor = monitored.fitted().package.predictor
    predictions.write(source, scored, predictor, monitored.problem(), ORIGIN)
    return source, scored


@pytest.mark.nightly
def test_a_worker_dies_at_work(
    cluster: tuple[str, list["subprocess.Popen[bytes]"]], tmp_path: Path
) -> None:
    """The other one does its share again; the answer is that of this machine."""
    master, workers = cluster
    source, scored = table(tmp_path)
    expected = count(
        source,
        scored,
        monitored.problem(),
        True,
        monitored.fitted().package.predictor.encoder,
        monitored.reference(),
    )
    assert expected is not None
    parts = tmp_path / "parts"
    parts.mkdir()
    settings = tmp_path / "settings"
    settings.mkdir()
    # A task for each part, small as they are.
    more = {"spark.sql.files.maxPartitionBytes": "300000", "spark.sql.adaptive.enabled": "false"}
    more |= {"spark.shuffle.io.retryWait": "200ms"}  # what the dead worker had is asked for again
    where = {"SPARK_LOCAL_IP": "127.0.0.1", **configure(settings, **more)}
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, copy(source, parts, PARTS), copy(scored, parts, PARTS)],
        cwd=ROOT,
        env={**os.environ, **where, sessions.MASTER: master},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert driver.stdout
    try:
        assert driver.stdout.readline() == "at work\n"
        end(workers[0])
        assert driver.poll() is None
        answer = driver.stdout.readline()
        assert driver.wait(timeout=600) == 0
    finally:
        driver.kill()
    found = json.loads(answer)
    scores = found.pop("scores")
    mine = expected.counts.to_dict()
    assert found["rows"] == mine["rows"] == ROWS
    assert found["repeated"] == mine["repeated"]
    for name, histogram in mine["columns"].items():
        assert histogram["counts"] == found["columns"][name]["counts"]
        assert histogram["missing"] == found["columns"][name]["missing"]
        np.testing.assert_allclose(histogram["sums"], found["columns"][name]["sums"], rtol=1e-10)
    assert scores["counts"] == expected.scores.to_dict()["counts"]
    assert pd.DataFrame(scores["counts"]).to_numpy().sum() == ROWS
    assert pq.read_schema(source).field("day").type == pa.timestamp("us")
