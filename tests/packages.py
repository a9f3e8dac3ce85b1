"""Small packages for tests: fitted in a moment on the generated table."""

from pathlib import Path

from longhaul.data.split import WINDOWS, Split
from longhaul.training import candidate
from longhaul.training.candidate import Candidate
from tests import tables

QUICK = {
    "linear": {},
    "forest": {"trees": 10},
    "histogram": {"iterations": 20},
    "lightgbm": {"iterations": 40, "learning_rate": 0.1},
}


def split(folder: Path) -> Path:
    """The split folder of the table of customers, in `folder`."""
    problem, frame = tables.problem(folder), tables.churn(rows_per_month=200)
    month = frame["day"].dt.strftime("%Y-%m")
    windows = {name: frame[month.between(*getattr(problem.windows, name))] for name in WINDOWS}
    target = folder / "split"
    target.mkdir()
    Split(target).write(problem, windows)
    return target


def fit(folder: Path, family: str = "lightgbm") -> Candidate:
    """A candidate of the table of customers, whose problem file is written into `folder`."""
    frame = tables.churn(rows_per_month=200)
    month = frame["day"].dt.strftime("%Y-%m")
    train, valid = frame[month <= "2020-04"], frame[month == "2020-05"]
    return candidate.fit(tables.problem(folder), train, valid, family, QUICK[family], 0, 1)
