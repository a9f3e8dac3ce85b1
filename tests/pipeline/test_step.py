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


def test_a_bug_keeps_its_traceback(store: str, tmp_path: Path) -> None:
    """What is no mistake of the user is not dressed up as one."""

    @step
    def broken() -> str:
        raise KeyError("bug")

    with pytest.raises(KeyError):
        broken.main([])
    assert only_run().info.status == "FAILED"
