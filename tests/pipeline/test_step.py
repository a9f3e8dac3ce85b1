"""Every entry point answers bad input with one line and a code, and closes its run."""

from pathlib import Path

import mlflow
import pytest

from longhaul.errors import LonghaulError
from longhaul.pipeline.parameters import Count
from longhaul.pipeline.step import step
from longhaul.tracking.tags import ERROR, HEADLINE


@step
def brew(count: Count) -> str:
    """Brew some."""
    if count > 9:
        raise LonghaulError(f"count: {count} is more than the pot holds; ask for 9 or fewer")
    if count == 9:
        raise OSError("the pot is read-only\nand a second line")
    return f"{count} cups"


def only_run() -> mlflow.entities.Run:
    (run,) = mlflow.search_runs(output_format="list")
    return run


def test_headline_is_kept_and_printed(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The run is finished, and says what came of it."""
    brew.main(["--count", "3"])
    assert capsys.readouterr().out == "3 cups\n"
    assert only_run().data.tags[HEADLINE] == "3 cups"
    assert only_run().info.status == "FINISHED"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--count", "10"], 1, "error: brew: count: 10 is more than the pot holds; ask for 9"),
        (["--count", "9"], 1, "error: brew: the pot is read-only"),
        (["--count", "0"], 2, "error: brew: Invalid value for '--count': 0 is not in the range"),
        (["--count", "x"], 2, "error: brew: Invalid value for '--count': 'x' is not a valid int"),
        ([], 2, "error: brew: Missing option '--count'"),
        (["--pot", "1"], 2, "error: brew: No such option"),
    ],
)
def test_bad_input_is_one_line(
    store: str,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    """What was wrong, where and what to do, on stderr; the exit code tells use from content."""
    with pytest.raises(SystemExit) as ended:
        brew.main(arguments)
    error = capsys.readouterr().err
    assert ended.value.code == code
    assert error.startswith(message)
    assert error.count("\n") == 1


def test_a_failed_stage_closes_its_run(store: str) -> None:
    """The run ends FAILED, with the reason as a tag."""
    with pytest.raises(SystemExit):
        brew.main(["--count", "10"])
    assert only_run().info.status == "FAILED"
    assert only_run().data.tags[ERROR].startswith("count: 10 is more")


def test_a_bug_is_one_line_and_its_traceback_an_artifact(
    store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What happened, where the traceback is, and exit code 1; the run says the same."""

    @step
    def broken() -> str:
        raise KeyError("bug")

    with pytest.raises(SystemExit) as ended:
        broken.main([])
    run = only_run()
    place = f"runs:/{run.info.run_id}/traceback.txt"
    line = f"unexpected KeyError: 'bug'; traceback: {place}"
    assert ended.value.code == 1
    assert capsys.readouterr().err == f"error: broken: {line}\n"
    assert (run.info.status, run.data.tags[ERROR]) == ("FAILED", line)
    assert 'raise KeyError("bug")' in mlflow.artifacts.load_text(place)


def test_a_bug_before_the_run_is_kept_in_a_file(
    store: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that breaks in a way of its own: one line that names the file."""

    def breaks() -> None:
        raise RuntimeError("no run\nand more lines")

    monkeypatch.setattr(mlflow, "start_run", breaks)
    with pytest.raises(SystemExit) as ended:
        brew.main(["--count", "3"])
    error = capsys.readouterr().err
    assert ended.value.code == 1
    start, _, place = error.strip().partition("; traceback: ")
    assert start == "error: brew: unexpected RuntimeError: no run"
    file = Path(place)
    assert "in breaks" in file.read_text()
    file.unlink()
