"""The search: determinism, resumption, limits and failures."""

import math
import time
from threading import Barrier

import numpy as np
import pytest
from hyperopt import hp
from hyperopt.pyll import scope
from hyperopt.pyll.stochastic import sample as draw

from longhaul.errors import LonghaulError
from longhaul.training.search import Search
from longhaul.training.trials import LOSS, Trial, best, best_so_far, resumable_trials, table

FIRST = {"rate": 0.1, "leaves": 31, "kind": None, "depth": 3, "draws": 2}


def space():
    """One expression of each sort that a family may use."""
    return {
        "rate": hp.loguniform("rate", math.log(1e-3), 0),
        "leaves": scope.int(hp.qloguniform("leaves", math.log(4), math.log(256), 1)),
        "kind": hp.choice("kind", [None, "plain", 2]),
        "depth": hp.uniformint("depth", 1, 9),
        "draws": hp.randint("draws", 1, 5),
    }


def bowl(settings, others=None):
    """A cheap loss with one lowest point, at rate 0.03, 60 leaves and the plain kind."""
    distance = (math.log(settings["rate"] / 0.03)) ** 2 + math.log(settings["leaves"] / 60) ** 2
    return {LOSS: distance + (settings["kind"] != "plain"), "valid_auc": 0.5}


def searched(trials=25, seed=0, objective=bowl, earlier=(), minutes=10.0, ahead=1, workers=1):
    search = Search(space(), FIRST, trials, minutes, seed, ahead, workers)
    return [*earlier, *search.run(objective, earlier)]


def proposals(trials):
    return [trial.settings for trial in trials]


def test_first_trial_is_the_default():
    """A search cannot end worse than the settings it starts from."""
    assert searched(trials=1)[0].settings == FIRST


@pytest.mark.parametrize("cut", [1, 2, 3, 12, 24])
def test_resumed_search_makes_the_same_proposals(cut):
    """25 trials at once and 25 cut off anywhere are the same 25."""
    whole = searched()
    assert proposals(whole) == proposals(searched(earlier=searched(trials=cut)))


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_side_by_side_the_search_is_the_same(workers):
    """How many trials are worked on at once, and which ends first, changes no proposal."""

    def uneven(settings, others):
        time.sleep(0.002 * settings["depth"])
        assert len(others.trials) in {max(0, n) for n in range(-3, 22)}
        return bowl(settings)

    found = searched(objective=uneven, ahead=4, workers=workers)
    assert [trial.number for trial in found] == list(range(25))
    assert proposals(found) == proposals(searched(ahead=4))


@pytest.mark.parametrize("cut", [1, 3, 4, 12, 24])
def test_search_side_by_side_is_resumed(cut):
    """What was under way when a search was cut off is proposed again."""
    whole = searched(ahead=4, workers=2)
    earlier = searched(trials=cut, ahead=4)
    assert proposals(whole) == proposals(searched(earlier=earlier, ahead=4, workers=2))


def test_trials_are_worked_on_at_once():
    """Two that wait for each other both end."""
    met = Barrier(2, timeout=300)

    def together(settings, others):
        met.wait()
        return bowl(settings)

    assert len(searched(trials=6, objective=together, ahead=4, workers=2)) == 6


def test_search_given_up_tells_its_trials():
    """Whoever stops listening does not wait for trials that take forever."""
    overslept = []

    def forever(settings, others):
        if settings != FIRST:
            overslept.extend([] if others.cancelled.wait(60) else [settings])
        return bowl(settings)

    search = Search(space(), FIRST, 25, 10.0, 0, 4, 2).run(forever)
    assert next(search).number == 0
    search.close()
    assert not overslept


def test_same_seed_same_search_other_seed_other_search():
    """The seed is all that is random."""
    assert proposals(searched(12)) == proposals(searched(12))
    assert proposals(searched(12)) != proposals(searched(12, seed=1))


def test_longer_search_begins_like_a_shorter_one():
    """Raising the number of trials goes on with a search; it does not change it."""
    assert proposals(searched(15)) == proposals(searched(20))[:15]


def test_search_learns():
    """Later trials are nearer to the lowest point than those at random, and nearer with time."""

    def losses(first, last):
        return [t.loss for seed in range(5) for t in searched(40, seed=seed)[first:last]]

    def random(number):
        drawn = np.random.default_rng(number)
        return bowl({name: draw(one, drawn) for name, one in space().items()})[LOSS]

    at_random = np.median([random(number) for number in range(200)])
    assert np.median(losses(30, 40)) < np.median(losses(5, 15)) < at_random


def test_nothing_is_learned_from_failures():
    """Until a trial succeeds, all of the space is tried; then what is near to it, not to them."""

    def fragile(settings, others=None):
        if settings["depth"] < 5:
            raise ValueError("too shallow")
        return bowl(settings)

    for seed in range(3):
        found = searched(30, seed=seed, objective=fragile)
        assert found[0].failure
        assert sum(bool(trial.failure) for trial in found[15:]) < 8


def test_first_settings_may_lie_outside_of_the_space():
    """A rate of 0 or less has no logarithm to begin from: the search does without it."""
    search = Search(space(), {**FIRST, "rate": -1.0}, 12, 10.0, 0)
    found = list(search.run(lambda settings, _: {LOSS: settings["rate"]}))
    assert found[0].settings["rate"] == -1.0
    assert all(1e-3 <= trial.settings["rate"] <= 1 for trial in found[1:])


def test_settings_are_plain_values():
    """Settings survive being written as JSON: no NumPy scalars, whole numbers stay whole."""
    found = {type(value) for trial in searched(15) for value in trial.settings.values()}
    assert {float, int, str, type(None)} == found
    assert all(isinstance(trial.settings["leaves"], int) for trial in searched(15))


def test_failed_trials_are_recorded_and_the_search_goes_on():
    """A trial that raises or has no finite loss keeps its reason; the others count."""

    def fragile(settings, others=None):
        if settings["kind"] == 2:
            raise ValueError("no such kind\nwith details")
        if settings["kind"] is None:
            return {LOSS: math.nan, "valid_auc": 0.5}
        return bowl(settings)

    trials = searched(objective=fragile)
    assert len(trials) == 25
    failures = {trial.settings["kind"]: trial.failure for trial in trials}
    expected = {
        None: "valid_loss is nan",
        2: "ValueError: no such kind",
        "plain": "",
    }
    assert expected == failures
    assert best(trials).settings["kind"] == "plain"


def test_search_without_any_success_says_so():
    """When all trials fail, the error gives the first one's reason."""

    def broken(settings, others=None):
        raise RuntimeError("no memory")

    with pytest.raises(
        LonghaulError, match="all 3 trials failed, the first with: RuntimeError: no"
    ):
        best(searched(trials=3, objective=broken))


def test_interrupts_are_not_failures():
    """Ctrl-C and SIGTERM end the search; they are no property of the settings."""

    def interrupted(settings, others=None):
        raise SystemExit(143)

    with pytest.raises(SystemExit):
        searched(objective=interrupted)


def test_time_limit_lets_one_trial_through():
    """However short the time, there is a result; with one at hand, none is added."""
    assert len(searched(minutes=1e-9)) == 1
    assert len(searched(minutes=1e-9, earlier=searched(trials=3))) == 3


def test_earlier_trials_count_towards_the_limit():
    """Nothing runs when the earlier trials are enough."""
    earlier = searched(trials=5)
    assert earlier == searched(trials=5, earlier=earlier)


def test_best_is_the_earliest_of_equals():
    """Equal losses are settled by number."""
    trials = [Trial(n, {}, {LOSS: loss}) for n, loss in enumerate([2.0, 1.0, 1.0])]
    assert best(trials).number == 1
    assert best_so_far(trials).tolist() == [2.0, 1.0, 1.0]


def test_sequence_drops_repeats_gaps_and_other_spaces():
    """Two searches at once leave repeated numbers: one of each is kept, up to the first gap."""
    trials = [
        Trial(1, {"a": 1}, {LOSS: 1.0}, started=5.0, run_id="later"),
        Trial(0, {"a": 1}, {LOSS: 1.0}, started=1.0, run_id="zero"),
        Trial(1, {"a": 1}, {LOSS: 1.0}, started=2.0, run_id="sooner"),
        Trial(2, {"b": 1}, {LOSS: 1.0}, started=3.0, run_id="other"),
        Trial(3, {"a": 1}, {LOSS: 1.0}, started=4.0, run_id="beyond"),
    ]
    assert [trial.run_id for trial in resumable_trials(trials, ["a"])] == ["zero", "sooner"]


def test_table_has_a_row_for_each_trial(tmp_path):
    """Settings of mixed types become text, failures have no loss, and Parquet takes it all."""
    trials = [
        Trial(0, {"kind": None, "rate": 0.1}, {LOSS: 0.5}, 0.0, 1.5, "", "r0"),
        Trial(1, {"kind": 2, "rate": 0.2}, {}, 0.0, 0.5, "ValueError: no", "r1"),
        Trial(2, {"kind": "plain", "rate": 0.2}, {LOSS: 0.4}, 0.0, 0.5, "", "r2"),
    ]
    frame = table(trials)
    frame.to_parquet(tmp_path / "trials.parquet")
    assert frame["status"].tolist() == ["finished", "failed", "finished"]
    assert frame["setting.kind"].tolist() == ["null", "2", '"plain"']
    assert frame["loss"].dropna().tolist() == [0.5, 0.4]
    assert frame["run_id"].tolist() == ["r0", "r1", "r2"]
