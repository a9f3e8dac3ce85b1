"""When a period closes, when its cycle is due again, and how long a failure waits."""

from pathlib import Path

import pandas as pd
import pytest

from longhaul import problem_yaml
from longhaul.problem import Problem
from longhaul.watch.agenda import MAX_PAUSE_SECONDS, Agenda, TrafficState
from tests import tables

JULY, AUGUST = "2020-07", "2020-08"
END = pd.Timestamp("2020-08-01").timestamp()


@pytest.fixture
def problem(tmp_path: Path) -> Problem:
    return tables.problem(tmp_path)


def state(newest: float = END - 1, **digests: str) -> TrafficState:
    """Rows of periods such as ``p2020_07``; all were last asked about at one moment."""
    named = {name[1:].replace("_", "-"): digest for name, digest in digests.items()}
    return TrafficState(named, dict.fromkeys(named, newest))


@pytest.mark.parametrize(
    ("now", "others", "closed"),
    [
        (END - 1, {}, False),  # it goes on
        (END - 1, {"p2020_08": "a"}, False),
        (END + 100, {}, False),  # rows may be on their way
        (END + 100, {"p2020_08": "a"}, True),
        (END + 299, {}, True),
    ],
)
def test_a_period_closes(
    problem: Problem, now: float, others: dict[str, str], closed: bool
) -> None:
    """When it is over and a later one has rows, or none came for a while."""
    agenda = Agenda(problem, settle_seconds=300, pause_seconds=60)
    seen = state(p2020_07="a", **others)
    assert agenda.is_closed(seen, JULY, now) is closed
    assert (JULY in agenda.due(seen, now)) is closed


def test_the_clock_is_that_of_the_rows(tmp_path: Path) -> None:
    """In Tokyo July is over nine hours before it is in Greenwich."""
    text = tables.DECLARATION.replace("period: month}", "period: month, zone: Asia/Tokyo}")
    agenda = Agenda(declared(tmp_path, text), 0, 60)
    seen = state(newest=0, p2020_07="a")
    assert agenda.is_closed(seen, JULY, END - 9 * 3600)
    assert not agenda.is_closed(seen, JULY, END - 9 * 3600 - 1)


def declared(folder: Path, text: str) -> Problem:
    """The problem of another declaration."""
    return problem_yaml.load(tables.declare(folder, text=text))


def test_new_evidence_is_judged_again(tmp_path: Path) -> None:
    """Of the period itself, and of the one whose outcomes are due with it; of no other."""
    text = tables.DECLARATION.replace("{min_rows: 50}", "{min_rows: 50, label_lag: 1}")
    agenda, now = Agenda(declared(tmp_path, text), 0, 60), END + 90 * 86400
    seen = state(p2020_07="a", p2020_08="b", p2020_09="c")
    for period in agenda.due(seen, now):
        agenda.succeed(seen, period)
    assert agenda.due(seen, now) == []
    late = state(p2020_07="other", p2020_08="b", p2020_09="c")
    assert agenda.due(late, now) == [JULY, AUGUST]


def test_a_failure_waits_twice_as_long_each_time(problem: Problem) -> None:
    """Up to an hour; success forgets it, and other periods do not wait."""
    agenda, now = Agenda(problem, 0, 60), END + 90 * 86400
    seen = state(p2020_07="a", p2020_08="b")
    assert [agenda.fail(JULY, now) for _ in range(8)] == [60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert agenda.due(seen, now) == [AUGUST]
    assert agenda.due(seen, now + MAX_PAUSE_SECONDS) == [JULY, AUGUST]
    agenda.succeed(seen, JULY)
    assert agenda.failures == {}


def test_only_production_is_watched(problem: Problem) -> None:
    """Not what the model was fitted or judged on."""
    seen = state(p2020_05="a", p2020_07="b")
    assert Agenda(problem, 0, 60).due(seen, END + 90 * 86400) == [JULY]
