"""What nobody foresaw is told with the column and the file that it was at."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from longhaul.data.files import File
from longhaul.pipeline import caller, failure


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
@pytest.mark.parametrize("missing", ["hyperopt", "click"])
def test_a_library_that_is_broken_is_one_line(tmp_path: Path, missing: str) -> None:
    """Of a step that is started as `mlflow run` does it; what says so may be broken as well."""
    (tmp_path / f"{missing}.py").write_text("raise RuntimeError('half a library')\n")
    answer = subprocess.run(
        [sys.executable, "-m", "steps.tune", "--help"],
        cwd=caller.PROJECT,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 1
    assert answer.stderr.startswith("error: ")
    assert "half a library" in answer.stderr
    assert answer.stderr.count("\n") == 1
