"""What nobody foresaw is told with the column and the file that it was at."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import mlflow
import pandas as pd
import pytest

from longhaul.data.files import File
from longhaul.pipeline import caller, failure
from longhaul.tracking.tags import ERROR


def of_a_series(column: pd.Series) -> None:
    column.sum().nothing()


def of_a_name(name: str, frame: pd.DataFrame) -> None:
    frame[name].sum().nothing()


def of_a_path(path: Path) -> None:
    int(f"{path.name}\n")


def of_a_file(file: File) -> None:
    int(file.size.name)  # type: ignore[attr-defined]


def of_both(file: File) -> None:
    of_a_name("age", pd.DataFrame({"age": [1]}))


def of_a_name_that_is_no_column(name: str, frame: pd.DataFrame) -> None:
    frame["age"].sum().nothing()


@pytest.mark.parametrize(
    ("fail", "place"),
    [
        (lambda: of_a_series(pd.Series([1], name="age")), "(column 'age')"),
        (lambda: of_a_name("age", pd.DataFrame({"age": [1]})), "(column 'age')"),
        (lambda: of_a_path(Path("/there/x.csv")), "(file /there/x.csv)"),
        (lambda: of_a_file(File(None, "bucket/x.csv", 1)), "(file bucket/x.csv)"),
        (lambda: of_both(File(None, "bucket/x.csv", 1)), "(column 'age', file bucket/x.csv)"),
        (lambda: of_a_name_that_is_no_column("b", pd.DataFrame({"age": [1]})), "'nothing'"),
    ],
)
def test_the_place_is_named(fail: Callable[[], None], place: str) -> None:
    """As far as the project's own functions show it; one line, whatever the message."""
    with pytest.raises(Exception) as caught:  # noqa: PT011
        fail()
    line = failure.describe(caught.value)
    assert line.startswith(f"unexpected {type(caught.value).__name__}: ")
    assert line.endswith(place)
    assert "\n" not in line


def test_a_long_message_is_cut() -> None:
    """A line that no terminal shows is of no use."""
    line = failure.describe(ValueError("x" * 10_000))
    assert len(line) < failure.MAX_MESSAGE + 50


def test_a_thread_that_fails_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """It does not end the step, and does not fill the terminal."""
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(failure.tempfile, "tempdir", str(tmp_path))
    monkeypatch.delenv(failure.RUN_ID, raising=False)
    failure.explain_threads()
    thread = threading.Thread(target=of_a_path, args=(Path("x.csv"),))
    thread.start()
    thread.join()
    error = capsys.readouterr().err
    assert error.startswith("error: in the background: unexpected ValueError: ")
    assert error.count("\n") == 1
    (kept,) = tmp_path.iterdir()
    assert "ValueError" in kept.read_text()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "missing"),
    [
        (["-m", "steps.tune"], "hyperopt"),
        (["-m", "steps.tune"], "click"),
        (["main.py"], "mlflow"),
        (["main.py"], "click"),
    ],
)
def test_a_library_that_is_broken_is_one_line(
    tmp_path: Path, command: list[str], missing: str
) -> None:
    """Of a step that is started as `mlflow run` does it; what says so may be broken as well."""
    (tmp_path / f"{missing}.py").write_text("raise RuntimeError('half a library')\n")
    answer = subprocess.run(
        [sys.executable, *command, "--help"],
        cwd=caller.PROJECT,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 1
    assert answer.stderr.startswith("error: ")
    assert "half a library" in answer.stderr
    assert answer.stderr.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "line", "code"),
    [
        (signal.SIGTERM, "error: init: stopped by SIGTERM", 143),
        (signal.SIGINT, "error: init: stopped by Ctrl-C", 130),
    ],
)
def test_a_step_that_is_stopped_says_so(
    tmp_path: Path, number: signal.Signals, line: str, code: int
) -> None:
    """In one line; its run is closed, and says the same."""
    os.mkfifo(tmp_path / "table.csv")  # which nobody writes: the step waits for it
    store = f"sqlite:///{tmp_path}/mlflow.db"
    given = {"data": tmp_path / "table.csv", "target": "y", "query": "", "problem": "p.yaml"}
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")}
    options = [f"--{name}={value}" for name, value in given.items()]
    process = subprocess.Popen(
        [sys.executable, "-m", "steps.init", *options],
        cwd=caller.PROJECT,
        env={**environment, "MLFLOW_TRACKING_URI": store},
        stderr=subprocess.PIPE,
        text=True,
    )
    waiting = Path(f"/proc/{process.pid}/wchan")
    asked = time.monotonic() + 60  # a kernel that does not say has long come to it by then
    while waiting.read_text() != "wait_for_partner" and time.monotonic() < asked:
        time.sleep(0.05)
    process.send_signal(number)
    _, error = process.communicate(timeout=600)
    assert (process.returncode, error.strip()) == (code, line)
    (run,) = mlflow.MlflowClient(store).search_runs(["0"])
    assert run.info.status in {"FAILED", "KILLED"}
    assert run.data.tags[ERROR] == line.removeprefix("error: init: ")
