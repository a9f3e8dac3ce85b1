"""Pictures of a search: they say what the trials say, and survive odd searches."""

import io

import pandas as pd
import pytest

from longhaul.plots import search
from longhaul.training.importance import setting_importance
from longhaul.training.trials import LOSS, Trial


def trials(count, failed=()):
    """Trials whose loss depends on the rate alone; the rate jumps about, like a search's."""
    return [
        Trial(n, settings, {}, failure="ValueError: no")
        if n in failed
        else Trial(n, settings, {LOSS: 0.4 + settings["rate"]})
        for n, settings in enumerate(
            {"rate": 0.001 + (n * 7 % 11) / 11, "kind": ["a", None, 2][n % 3], "still": 1}
            for n in range(count)
        )
    ]


@pytest.mark.parametrize("draw", [search.history, search.importances, search.parallel])
@pytest.mark.parametrize(("count", "failed"), [(1, ()), (2, (0,)), (25, (0, 3)), (120, ())])
def test_every_picture_can_be_drawn(draw, count, failed):
    """One trial, a failed first one, many: each gives a picture that can be saved."""
    file = io.BytesIO()
    draw(trials(count, failed)).savefig(file, format="png")
    assert file.tell() > 1000


def test_history_shows_the_lowest_loss_so_far():
    """The running best starts where a trial first succeeded, and marks the best one."""
    figure = search.history(trials(25, failed=(0,)))
    [axes] = figure.axes
    steps = next(line for line in axes.lines if line.get_label() == "lowest so far")
    heights = pd.Series(steps.get_ydata())
    assert heights.index[heights.isna()].tolist() == [0]
    assert heights.dropna().is_monotonic_decreasing
    assert figure.get_suptitle() == "The lowest loss is 0.4010, of trial 11"


def test_history_says_what_the_search_was_worth():
    """The title compares the best trial with the first one, which has the defaults."""
    worse, better = (Trial(1, {"rate": 1}, {LOSS: loss}) for loss in (0.6, 0.45))
    first = Trial(0, {"rate": 0}, {LOSS: 0.5})
    titles = [search.history([first, other]).get_suptitle() for other in (worse, better)]
    assert titles == [
        "No trial beat the defaults, whose loss is 0.5000",
        "The lowest loss is 0.4500, of trial 1, 0.0500 below the defaults",
    ]


def test_importance_finds_the_setting_that_matters():
    """Shares of one, the largest for the only setting that the loss depends on."""
    shares = setting_importance(trials(25))
    assert shares.index[0] == "rate"
    assert shares["rate"] > 0.8
    assert shares["still"] == 0
    assert pytest.approx(shares.sum()) == 1


def test_importance_needs_enough_trials_that_differ():
    """With few trials, or equal losses, the picture says that it cannot tell."""
    same = [Trial(n, {"rate": n}, {LOSS: 0.5}) for n in range(20)]
    for few in (trials(9), trials(12, failed=(0, 1, 2)), same):
        assert setting_importance(few) is None
        [axes] = search.importances(few).axes
        assert "it takes 10 that succeeded" in axes.texts[0].get_text()


def test_parallel_names_every_setting_and_its_range():
    """Under each axis its setting, at the ends its lowest and highest value."""
    [axes, _] = search.parallel(trials(25)).axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["rate", "kind", "still"]
    ends = [text.get_text() for text in axes.texts]
    assert list(zip(ends[::2], ends[1::2], strict=True)) == [
        ("0.001", "0.91"),
        ("a", "None"),
        ("1", "1"),
    ]
