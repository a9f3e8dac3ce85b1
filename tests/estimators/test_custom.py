"""A family of the user's own, from one file: fitted, searched, packaged and loaded elsewhere."""

from pathlib import Path

import numpy as np
import pytest

from longhaul import problem_yaml
from longhaul.errors import LonghaulError
from longhaul.estimators import families
from longhaul.estimators.families import custom
from longhaul.model import package
from longhaul.tasks import binary
from longhaul.training import candidate
from longhaul.training.objective import validation_objective
from longhaul.training.search import SearchContext
from tests import tables

FILE = Path(__file__).with_name("custom_family.py")


def windows(folder: Path):
    """A problem, with two windows of its table."""
    frame = tables.churn(rows_per_month=100)
    month = frame["day"].dt.strftime("%Y-%m")
    return tables.problem(folder), frame[month <= "2020-04"], frame[month == "2020-05"]


def test_it_is_a_family_like_any_other(tmp_path: Path) -> None:
    """It learns, and its package predicts the same from a folder of its own."""
    fitted = candidate.fit(*windows(tmp_path), "bayes", {"smoothing": 1e-6}, 0, 1, [FILE])
    assert fitted.metrics["auc"] > 0.6
    assert fitted.settings == {"smoothing": 1e-6}
    folder = tmp_path / "package"
    folder.mkdir()
    package.save(fitted.package, folder)
    rows = tables.churn(rows_per_month=5, seed=1)
    expected = fitted.package.predictor.scores(rows)
    again = package.load(folder)
    np.testing.assert_array_equal(again.predictor.scores(rows), expected)
    other = tmp_path / "other"
    other.mkdir()
    package.save(again, other)
    np.testing.assert_array_equal(package.load_predictor(other).scores(rows), expected)


def test_it_is_searched(tmp_path: Path) -> None:
    """Its settings have an objective like those of any other."""
    family = families.family("bayes", [FILE])
    problem, train, valid = windows(tmp_path)
    judge = validation_objective(
        binary, family, candidate.encode_windows(problem, train, valid), 0, 1
    )
    assert set(family.space()) == {"smoothing"}
    assert judge({"smoothing": 1e-3}, SearchContext())["valid_loss"] < 1


def test_what_it_cannot_do_is_said(tmp_path: Path) -> None:
    """In one line, with the file and the reason."""
    frame = tables.churn(rows_per_month=50).assign(churned=1.5)
    frame.loc[::2, "churned"] = 2.5
    text = tables.DECLARATION.replace('positive: "yes"', "task_type: regression")
    problem = problem_yaml.load(tables.declare(tmp_path, frame, text))
    with pytest.raises(
        LonghaulError, match=r"custom_family\.py: bayes: ValueError: naive Bayes tells"
    ):
        candidate.fit(problem, frame.head(200), frame.tail(200), "bayes", {}, 0, 1, [FILE])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = 'x'", "does not define 'defaults'; name, defaults, space, estimator are needed"),
        ("import nowhere", "ModuleNotFoundError: No module named 'nowhere'"),
        ("1 +", "SyntaxError"),
        (None, "No such file"),
    ],
)
def test_files_that_declare_none(tmp_path: Path, text: str | None, message: str) -> None:
    """What is wrong with the file, in one line."""
    file = tmp_path / "mine.py"
    if text is not None:
        file.write_text(text)
    with pytest.raises(LonghaulError, match=message):
        custom.load_families([file])
