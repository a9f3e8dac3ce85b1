"""LightGBM in several threads at once: in a process of its own, which a mistake would kill."""

import subprocess
import sys
from pathlib import Path

import pytest

from longhaul.estimators.threads import most_threads

ROOT = Path(__file__).resolve().parents[2]
READY = """
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from longhaul.estimators import families
from longhaul.estimators.families import FAMILIES
from tests.estimators.test_families import ENCODER, TRAIN, VALID

SETTINGS = {"iterations": 2, "leaves": 7, "row_share": 0.3}

def found(work, times):
    with ThreadPoolExecutor(4) as pool:
        return set(pool.map(work, range(times)))

"""
TRIALS = """
track = families.share_dataset(FAMILIES["lightgbm"], ENCODER, TRAIN, VALID, 0)
assert len(found(lambda _: track.fit(SETTINGS, 1).scores(VALID.matrix).tobytes(), 1500)) == 1
"""
REQUESTS = """
model = FAMILIES["lightgbm"].fit(SETTINGS, ENCODER, TRAIN, None, 0, 0)
sizes = (1, 2, 16, 17, 400)
alone = {size: model.scores(VALID.matrix[:size]).tobytes() for size in sizes}
same = lambda n: model.scores(VALID.matrix[: sizes[n % 5]]).tobytes() == alone[sizes[n % 5]]
assert found(same, 20_000) == {True}
"""


@pytest.mark.slow
@pytest.mark.parametrize("script", [TRIALS, REQUESTS], ids=["trials", "requests"])
def test_threads_leave_each_others_memory_alone(script: str) -> None:
    """Trials train and predict side by side, requests of all sizes are answered side by side."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", READY + script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=1200,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("text", "most"),
    [(None, 0), ("", 0), ("3", 3), ("4,2", 4), (" 2 ", 2), ("0", 0), ("-1", 0), ("many", 0)],
)
def test_the_environment_limits_threads(
    text: str | None, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenMP's list has a number for each level; what is none is no limit, as for OpenMP."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if text is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", text)
    assert most_threads() == most
