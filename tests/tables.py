"""Small tables for tests: generated, with a problem that declares them."""

from pathlib import Path

import numpy as np
import pandas as pd

from longhaul import problem_yaml
from longhaul.problem import Problem

DECLARATION = """
name: churn
source: churn.parquet
target: {column: churned, positive: "yes"}
time: {column: day, period: month}
windows:
  train: [2020-01, 2020-04]
  valid: [2020-05, 2020-05]
  test: [2020-06, 2020-06]
  production: [2020-07, 2020-09]
leave_out: [customer]
slices: [plan]
gate: {min_rows: 50, min_auc: 0.6, max_calibration_error: 0.2}
contract: {margin: 1.0, quarantine: 0.02}
monitoring: {min_rows: 50}
"""


# Five months, of which one is in production: for lives of which another test has seen more.
BRIEF = (
    DECLARATION.replace("[2020-01, 2020-04]", "[2020-01, 2020-02]")
    .replace("[2020-05, 2020-05]", "[2020-03, 2020-03]")
    .replace("[2020-06, 2020-06]", "[2020-04, 2020-04]")
    .replace("[2020-07, 2020-09]", "[2020-05, 2020-05]")
)


def churn(rows_per_month: int = 300, seed: int = 0, turn: int = 9) -> pd.DataFrame:
    """Nine months of customers, of whom those with many calls and a basic plan leave.

    From month `turn` on, counted from 0, it is those with few calls.
    """
    generator = np.random.default_rng(seed)
    n = 9 * rows_per_month
    month = np.repeat(np.arange(9), rows_per_month)
    day = pd.Timestamp("2020-01-01") + pd.to_timedelta(
        month * 30.5 + generator.uniform(0, 29, n), unit="D"
    )
    calls = generator.poisson(3, n)
    plan = generator.choice(["basic", "plus", "family"], n, p=[0.5, 0.3, 0.2])
    age = generator.normal(45, 15, n).round()
    age[generator.uniform(size=n) < 0.05] = np.nan
    sign = np.where(month < turn, 1, -1)
    log_odds = -2.2 + sign * 0.6 * (calls - 3) + 1.2 * (plan == "basic")
    churned = generator.uniform(size=n) < 1 / (1 + np.exp(-log_odds))
    frame = {
        "customer": [f"c{i}" for i in range(n)],
        "day": pd.Series(day).dt.floor("s"),
        "calls": calls,
        "plan": plan,
        "age": age,
        "churned": np.where(churned, "yes", "no"),
    }
    return pd.DataFrame(frame)


def declare(folder: Path, frame: pd.DataFrame | None = None, text: str = DECLARATION) -> Path:
    """Write a table and its problem file into a folder; the path of the latter."""
    (churn() if frame is None else frame).to_parquet(folder / "churn.parquet", index=False)
    path = folder / "churn.yaml"
    path.write_text(text)
    return path


def declare_brief(folder: Path) -> Path:
    """Write a table of five months and its problem file; the path of the latter."""
    frame = churn()
    return declare(folder, frame[frame["day"] < "2020-06-01"].reset_index(drop=True), BRIEF)


def problem(folder: Path) -> Problem:
    """The problem of the table above."""
    return problem_yaml.load(declare(folder))
