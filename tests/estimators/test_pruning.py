"""Races between trials, and what they share."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest
from hyperopt.pyll.stochastic import sample as draw
from hypothesis import given
from hypothesis import strategies as st

from longhaul.errors import LonghaulError
from longhaul.estimators import families
from longhaul.estimators.families import FAMILIES
from longhaul.estimators.families import lightgbm as family
from longhaul.estimators.pruning import MARKS, MIN_TRIALS_AT_MARK, MedianPruner
from longhaul.tasks import binary
from longhaul.training.candidate import EncodedWindows
from longhaul.training.objective import STOPPED, validation_objective
from longhaul.training.search import MAX_PENDING, Search
from longhaul.training.trials import best
from tests.estimators.test_families import ENCODER, TEST, TRAIN, VALID

losses = st.floats(0.1, 1.0).map(lambda loss: round(loss, 6))


@given(st.lists(losses, min_size=MIN_TRIALS_AT_MARK, max_size=20), losses, st.sampled_from(MARKS))
def test_who_trails_the_median_is_stopped(rivals, loss, mark):
    """At a mark, the loss is held against that of those who reached it."""
    name = f"loss_at_{mark:g}"
    race = MedianPruner([{name: one} for one in rivals])
    assert race.should_stop(0.99 * mark, mark, loss) == (loss > np.median(rivals))
    assert race.marks == {name: loss}


@given(losses, losses)
def test_few_rivals_stop_nobody(loss, rival):
    """Nor do rivals that never came so far."""
    few = MedianPruner([{"loss_at_3": rival}] * (MIN_TRIALS_AT_MARK - 1))
    elsewhere = MedianPruner([{"loss_at_5": rival}] * 20)
    between = MedianPruner([{"loss_at_3": rival}] * 20)
    assert not few.should_stop(2.9, 3.0, loss)
    assert not elsewhere.should_stop(2.9, 3.0, loss)
    assert not between.should_stop(3.1, 3.2, loss)


def test_given_up():
    """A trial that nobody waits for ends at its next round."""
    given_up = Event()
    race = MedianPruner([], given_up)
    assert not race.should_stop(0.1, 0.2, 1.0)
    given_up.set()
    assert race.should_stop(0.2, 0.3, 1.0)


def settings(seed: int) -> dict[str, float]:
    drawn = np.random.default_rng(seed)
    return {name: float(draw(one, drawn)) for name, one in family.space().items()}


@pytest.mark.parametrize("seed", range(6))
def test_shared_bins_give_the_same_model(seed):
    """Bins that were made once, for other settings, are those that each trial would make."""
    track = families.share_dataset(FAMILIES["lightgbm"], ENCODER, TRAIN, VALID, seed)
    chosen = settings(seed)
    alone = family.fit(chosen, ENCODER, TRAIN, VALID, seed, 1)
    shared = track.fit(chosen, 2)
    assert shared.iterations == alone.iterations
    assert np.array_equal(shared.scores(TEST.matrix), alone.scores(TEST.matrix))


def test_bins_are_shared_by_several_threads():
    """Trials at once do not disturb each other."""
    track = families.share_dataset(FAMILIES["lightgbm"], ENCODER, TRAIN, VALID, 0)
    chosen = [settings(seed) for seed in range(12)]
    one_by_one = [track.fit(each, 1).scores(TEST.matrix) for each in chosen]
    with ThreadPoolExecutor(4) as pool:
        at_once = [
            one.scores(TEST.matrix) for one in pool.map(lambda each: track.fit(each, 1), chosen)
        ]
    assert all(map(np.array_equal, one_by_one, at_once))


def test_a_race_saves_work_and_is_the_same_each_time():
    """Some are stopped, the winner is not, and its loss is that of a model fitted by itself."""

    def raced(workers):
        track = families.share_dataset(FAMILIES["lightgbm"], ENCODER, TRAIN, VALID, 0)
        judge = validation_objective(
            binary, FAMILIES["lightgbm"], EncodedWindows(ENCODER, TRAIN, VALID), 0, 1, track
        )
        first = {name: family.defaults[name] for name in family.space()}
        return list(Search(family.space(), first, 25, 10.0, 0, MAX_PENDING, workers).run(judge))

    found, again = raced(1), raced(2)
    assert [one.settings for one in found] == [one.settings for one in again]
    assert [one.metrics for one in found] == [one.metrics for one in again]
    assert 1 <= sum(STOPPED in one.metrics for one in found) < 20
    winner = best(found)
    alone = family.fit(winner.settings, ENCODER, TRAIN, VALID, 0, 1)
    figures = binary.measure(VALID.outcome, alone.scores(VALID.matrix))
    assert figures["log_loss"] == pytest.approx(winner.loss, abs=1e-12)


def test_refused_settings_are_one_line():
    """LightGBM's own refusal, as in a fit without a track."""
    track = families.share_dataset(FAMILIES["lightgbm"], ENCODER, TRAIN, VALID, 0)
    with pytest.raises(LonghaulError, match="lightgbm: "):
        track.fit({"leaves": -3}, 1)
