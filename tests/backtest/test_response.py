"""Responses to a period: looks at a challenger that waits, and retraining, as a cycle does them."""

from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from longhaul.backtest.policies import NOTHING, Policy
from longhaul.backtest.response import Judgement, respond
from longhaul.backtest.tenure import Deployed, Tenure, Waiting
from longhaul.evaluation.comparison import Comparison
from longhaul.evaluation.gate import Outcome
from longhaul.evaluation.intervals import PairedGains
from longhaul.monitoring.assessment import Assessment

ALWAYS = replace(NOTHING, name="always", retrains=lambda _: True)
NEVER = NOTHING
NO_MATTER = cast(Assessment, None)
CHAMPION = Deployed("start", "")


def comparison(*periods: str) -> Comparison:
    """Gains over as many looks."""
    gains = PairedGains(dict.fromkeys(periods, (10, 0.1)))
    return Comparison(gains, gains, tuple((period, period) for period in periods))


@dataclass
class Judge:
    """Models that are judged as a list of answers says; it remembers what was asked."""

    answers: list[Outcome]
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    def train(self, newest: str, gated: bool) -> str:
        """Name a model by its period."""
        self.asked.append(("train", newest, gated))
        return f"of {newest}"

    def last_seen(self, model: Deployed) -> str:
        """The window it was judged on; the start's was June."""
        return model.judged_on or "2020-06"

    def compare(
        self, challenger: str, champion: str, period: str, earlier: Comparison | None
    ) -> Judgement:
        """Give the next answer, with one look more."""
        self.asked.append(("compare", challenger, champion, period))
        before = [first for first, _ in earlier.windows] if earlier else []
        return Judgement(self.answers.pop(0), comparison(*before, period))


def waiting(last: str = "2020-07") -> Tenure:
    """A champion with a challenger that waits since a look."""
    challenger = Deployed("of 2020-07", last)
    return Tenure(CHAMPION, ("2020-07",), (True,), Waiting(challenger, comparison(last)))


def test_an_undecided_challenger_waits_and_is_looked_at_again() -> None:
    """First undecided, then its gains of both periods promote it; it is held to the second."""
    judge = Judge(["undecided", "promote"])
    first = respond(judge, ALWAYS, Tenure(CHAMPION, ("2020-07",)), "2020-07", NO_MATTER)
    assert first.trained == "of 2020-07"
    assert not first.looked
    assert first.tenure.champion == CHAMPION
    assert first.tenure.waiting == Waiting(Deployed("of 2020-07", "2020-07"), comparison("2020-07"))
    second = respond(judge, ALWAYS, first.tenure.serve("2020-08"), "2020-08", NO_MATTER)
    assert second.looked
    assert not second.trained  # it took over, so no other is trained
    assert second.tenure == Tenure(Deployed("of 2020-07", "2020-08"))
    assert judge.asked[1:] == [
        ("compare", "of 2020-07", "start", "2020-07"),
        ("compare", "of 2020-07", "start", "2020-08"),
    ]


@pytest.mark.parametrize(
    ("answers", "waits"),
    [
        (["refuse"], None),
        (
            ["undecided"],
            Waiting(Deployed("of 2020-07", "2020-08"), comparison("2020-07", "2020-08")),
        ),
    ],
)
def test_a_look_without_retraining(answers: list[Outcome], waits: Waiting | None) -> None:
    """What was refused is gone; what is undecided waits with more gains; the champion stays."""
    response = respond(Judge(answers), NEVER, waiting(), "2020-08", NO_MATTER)
    assert response.looked
    assert response.tenure == replace(waiting(), waiting=waits)


def test_a_new_challenger_replaces_the_one_that_waits_if_undecided() -> None:
    """At most one waits; a new one that is refused leaves the other waiting."""
    new = Waiting(Deployed("of 2020-08", "2020-08"), comparison("2020-08"))
    old = Waiting(Deployed("of 2020-07", "2020-08"), comparison("2020-07", "2020-08"))
    for answer, waits in (("undecided", new), ("refuse", old)):
        judge = Judge(["undecided", cast(Outcome, answer)])
        response = respond(judge, ALWAYS, waiting(), "2020-08", NO_MATTER)
        assert response.tenure.waiting == waits


@pytest.mark.parametrize("due", [None, "2020-07"])
def test_no_look_at_rows_that_were_seen(due: str | None) -> None:
    """Before any outcome, or while the newest ones are those of the last look, it waits."""
    judge = Judge([])
    response = respond(judge, NEVER, waiting(), due, NO_MATTER)
    assert (response.looked, response.tenure) == (False, waiting())
    assert judge.asked == []


def test_without_a_gate_nothing_is_judged() -> None:
    """The new model takes over, and is held to no window."""
    free: Policy = replace(ALWAYS, gated=False)
    judge = Judge([])
    response = respond(judge, free, Tenure(CHAMPION, ("2020-07",)), "2020-07", NO_MATTER)
    assert response.tenure == Tenure(Deployed("of 2020-07"))
    assert judge.asked == [("train", "2020-07", False)]
