"""A table survives the disk, period by period, and windows never overlap."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from longhaul import problem_yaml
from longhaul.data import parquet, periods
from longhaul.data.split import WINDOWS, Split, cut_windows
from longhaul.data.table import PeriodTable
from longhaul.errors import LonghaulError
from tests import tables


def test_written_and_read_again_is_the_same(tmp_path: Path) -> None:
    """Every row, value and type; one file for each month."""
    problem, frame = tables.problem(tmp_path), tables.churn().sort_values("day", ignore_index=True)
    (tmp_path / "table").mkdir()
    found = PeriodTable(tmp_path / "table").write(problem, frame)
    assert found == [f"2020-{month:02}" for month in range(1, 10)]
    again = PeriodTable(tmp_path / "table").read(found)
    pd.testing.assert_frame_equal(again, frame.astype(again.dtypes.to_dict()))
    assert PeriodTable(tmp_path / "table").problem == problem


def test_not_parquet_is_said(tmp_path: Path) -> None:
    """A file that is something else is named."""
    (tmp_path / "x.parquet").write_text("not parquet")
    with pytest.raises(LonghaulError, match=r"x\.parquet: cannot be read as Parquet"):
        parquet.read(tmp_path / "x.parquet")


def test_an_empty_window_is_said(tmp_path: Path) -> None:
    """The window, its bounds, and what there is."""
    with pytest.raises(LonghaulError, match=r"windows\.test: no rows .* has 2020-01 to 2020-02"):
        periods.select(["2020-01", "2020-02"], ("2021-01", "2021-02"), "test")


@settings(max_examples=40)
@given(st.integers(0, 1000), st.lists(st.integers(0, 8), min_size=6, max_size=6, unique=True))
def test_no_later_row_is_in_an_earlier_window(
    tmp_path_factory: pytest.TempPathFactory, seed: int, bounds: list[int]
) -> None:
    """For any windows of any table: all of train is before valid, and all of that before test."""
    folder = tmp_path_factory.mktemp("split")
    months = [f"2020-{month + 1:02}" for month in sorted(bounds)]
    pairs = zip(WINDOWS, zip(months[::2], months[1::2], strict=True), strict=True)
    declared = yaml.load(tables.DECLARATION, Loader=yaml.BaseLoader)
    declared["windows"] = {**dict(pairs), "production": ["2021-01", "2021-02"]}
    problem = problem_yaml.parse(declared, "generated")
    frame = tables.churn(rows_per_month=60, seed=seed)
    PeriodTable(folder).write(problem, frame.sample(frac=1, random_state=seed))
    cut = cut_windows(PeriodTable(folder), problem)
    times = [cut[name]["day"] for name in WINDOWS]
    assert times[0].max() < times[1].min()
    assert times[1].max() < times[2].min()


@pytest.mark.parametrize(("content", "message"), [(None, "no such file"), ("{", "cannot be read")])
def test_a_split_without_its_summary_is_said(
    tmp_path: Path, content: str | None, message: str
) -> None:
    """The file that is missing, or is cut off."""
    if content is not None:
        (tmp_path / "windows.json").write_text(content)
    with pytest.raises(LonghaulError, match=rf"windows\.json: {message}"):
        Split(tmp_path).summary()


def test_a_window_of_one_class_is_refused(tmp_path: Path) -> None:
    """The window, the count and the class."""
    frame = tables.churn()
    frame.loc[frame["day"].dt.month == 6, "churned"] = "no"
    problem = problem_yaml.load(tables.declare(tmp_path, frame))
    (tmp_path / "table").mkdir()
    PeriodTable(tmp_path / "table").write(problem, frame)
    with pytest.raises(LonghaulError, match=r"windows\.test \(\d+ rows .*none .*positive"):
        cut_windows(PeriodTable(tmp_path / "table"), problem)


def test_the_outcome_is_found_in_any_form() -> None:
    """Booleans, numbers and texts, in any case."""
    from longhaul.data.labels import outcomes
    from longhaul.problem import Target

    for values, positive in [
        ([True, False], "true"),
        ([True, False], "True"),
        ([1, 0], "1"),
        ([1.0, 0.0], "1"),
        (["Yes", "No"], "yes"),
    ]:
        found = outcomes(pd.DataFrame({"y": values}), Target("y", positive=positive))
        assert np.array_equal(found, [True, False]), (values, positive)


def test_groups_are_not_parted_by_time(tmp_path: Path) -> None:
    """A customer of spring is no test of what was learned from the same customer."""
    frame = tables.churn(rows_per_month=60)
    month = frame["day"].dt.month
    frame["household"] = np.arange(len(frame)) % 100 + 30 * (month > 4) + 60 * (month > 5)
    text = tables.DECLARATION + "group: household\n"
    problem = problem_yaml.load(tables.declare(tmp_path, frame, text))
    folder = tmp_path / "table"
    folder.mkdir()
    PeriodTable(folder).write(problem, frame)
    cut = cut_windows(PeriodTable(folder), problem)
    seen = [set(cut[name]["household"]) for name in WINDOWS]
    assert not seen[0] & seen[1]
    assert not (seen[0] | seen[1]) & seen[2]
    assert "household" not in problem.features(frame.columns)
