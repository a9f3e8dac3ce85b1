"""Small packages for tests: fitted in a moment on the generated table."""

from pathlib import Path

from longhaul.training import candidate
from longhaul.training.candidate import Candidate
from tests import tables

QUICK = {
    "linear": {},
    "forest": {"trees": 10},
    "histogram": {"iterations": 20},
    "lightgbm": {"iterations": 40, "learning_rate": 0.1},
}


def fit(folder: Path, family: str = "lightgbm") -> Candidate:
    """A candidate of the table of customers, whose problem file is written into `folder`."""
    frame = tables.churn(rows_per_month=200)
    month = frame["day"].dt.strftime("%Y-%m")
    train, valid = frame[month <= "2020-04"], frame[month == "2020-05"]
    return candidate.fit(tables.problem(folder), train, valid, family, QUICK[family], 0, 1)
