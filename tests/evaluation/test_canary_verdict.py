"""A canary grows, is promoted, or goes back: by outcomes, counted by cluster."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from longhaul.evaluation import canary_verdict
from longhaul.problem import Problem, Rollout
from tests import tables

DAYS = 30


@pytest.fixture(scope="module")
def problem(tmp_path_factory: pytest.TempPathFactory) -> Problem:
    declared = tables.problem(tmp_path_factory.mktemp("problem"))
    return replace(declared, rollout=Rollout(min_rows=200))


def side(
    wrong: float, seed: int, rows: int = 3000, days: int = DAYS, fate: float = 0.0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of some days, of which a version decides a share wrongly; days share their fate."""
    generator = np.random.default_rng(seed)
    day = generator.integers(0, days, rows)
    shared = np.random.default_rng(99).normal(0, fate, days)  # the same for both versions
    truth = generator.uniform(size=rows) < 0.3
    is_wrong = generator.uniform(size=rows) < np.clip(wrong + shared[day], 0, 1)
    frame = pd.DataFrame(
        {
            "day": pd.Timestamp("2020-07-01") + pd.to_timedelta(day, unit="D"),
            "churned": np.where(truth, "yes", "no"),
        }
    )
    return frame, pd.DataFrame({"decision": truth ^ is_wrong})


@pytest.mark.parametrize(
    ("wrong", "share", "move", "grown"),
    [
        (0.40, 0.1, "end", 0.0),
        (0.40, 0.5, "end", 0.0),
        (0.15, 0.1, "grow", 0.25),
        (0.15, 0.25, "grow", 0.5),
        (0.15, 0.5, "promote", 0.0),
        (0.25, 0.5, "wait", 0.0),
    ],
)
def test_moves(problem: Problem, wrong: float, share: float, move: str, grown: float) -> None:
    """The champion decides a quarter of the rows wrongly."""
    verdict = canary_verdict.judge(side(0.25, 1), side(wrong, 2), share, problem)
    assert (verdict.move, verdict.share) == (move, grown)
    assert verdict.difference is not None
    assert verdict.difference.value == pytest.approx(wrong - 0.25, abs=0.03)


def test_too_little_to_tell(problem: Problem, tmp_path: Path) -> None:
    """Few outcomes, or few days."""
    few = canary_verdict.judge(side(0.25, 1), side(0.9, 2, rows=150), 0.1, problem)
    assert few.move == "wait"
    assert few.reason == "150 outcomes since, 200 are needed"
    short = canary_verdict.judge(side(0.25, 1, days=5), side(0.9, 2, days=5), 0.1, problem)
    assert (short.move, short.reason) == ("wait", "5 days with outcomes since, 10 are needed")
    nothing = side(0.25, 1)[0].assign(churned=None), side(0.25, 1)[1]
    assert canary_verdict.judge(nothing, side(0.9, 2), 0.1, problem).move == "wait"


@pytest.mark.slow
def test_an_equal_canary_seldom_ends_and_seldom_takes_over(problem: Problem) -> None:
    """Days share their fate, on both sides alike: each in at most 2.5% of tries."""
    ends = promotions = 0
    tries = 400
    for number in range(tries):
        generator = np.random.default_rng(number)
        fate = generator.normal(0, 0.1, DAYS)
        both = []
        for seed, rows in ((2 * number, 3000), (2 * number + 1, 600)):
            frame, decisions = side(0.25, seed, rows)
            day = (frame["day"] - pd.Timestamp("2020-07-01")).dt.days.to_numpy()
            truth = (frame["churned"] == "yes").to_numpy()
            own = np.random.default_rng(10_000 + seed)
            wrong = own.uniform(size=rows) < np.clip(0.25 + fate[day], 0, 1)
            both.append((frame, decisions.assign(decision=truth ^ wrong)))
        move = canary_verdict.judge(*both, 0.5, problem).move
        ends, promotions = ends + (move == "end"), promotions + (move == "promote")
    assert ends <= 0.025 * tries
    assert promotions <= 0.025 * tries
