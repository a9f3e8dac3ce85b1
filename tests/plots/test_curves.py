"""Pictures say what the figures say, and can be drawn of little and of much."""

import io

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import _pylab_helpers
from matplotlib.figure import Figure

from longhaul.evaluation.slices import slices
from longhaul.plots import breakdown, curves, production
from longhaul.problem import Costs
from longhaul.tasks import binary
from longhaul.tasks.metrics import measure

PRICES = Costs(1, 3)


def drawn(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities and outcomes of both classes."""
    generator = np.random.default_rng(0)
    probability = generator.beta(2, 4, count)
    outcome = generator.random(count) < probability
    outcome[:2] = True, False
    return outcome, probability


def size(figure: Figure) -> int:
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.tell()


def title(figure: Figure) -> str:
    return figure.get_suptitle()


@pytest.mark.parametrize("count", [2, 30, 5000])
@pytest.mark.parametrize("same", [False, True])
def test_every_picture_can_be_drawn(count: int, same: bool) -> None:
    """Two rows, many, all with one probability: each gives a picture that can be saved."""
    outcome, probability = drawn(count)
    probability = np.full(count, 0.3) if same else probability
    for figure in (
        curves.roc(outcome, probability),
        curves.precision_recall(outcome, probability, 0.25),
        curves.calibration(outcome, probability),
        curves.gain(outcome, probability),
        curves.lift(outcome, probability),
        curves.costs(outcome, probability, 0.25, PRICES),
    ):
        assert size(figure) > 5000
        assert title(figure)


def test_titles_say_the_finding() -> None:
    """The figure of each title is that of the metric."""
    outcome, probability = drawn(5000)
    auc = measure(outcome, probability)["auc"]
    assert title(curves.roc(outcome, probability)).startswith(f"{auc:.1%} of the time")
    perfect = outcome.astype(float)
    assert title(curves.gain(perfect > 0, perfect)).endswith("% of the positives")
    assert title(curves.calibration(outcome, np.full(5000, 0.99))).endswith("high on average")
    chosen = title(curves.costs(outcome, probability, 0.25, PRICES))
    assert chosen.startswith("Acting from 0.250 on costs 0.")


def test_gain_ends_with_every_positive() -> None:
    """From nothing to all; equal scores are one straight step, whatever their order."""
    outcome, probability = drawn(5000)
    [axes] = curves.gain(outcome, probability.round(1)).axes
    model = next(line for line in axes.lines if line.get_label() == "model")
    assert (model.get_ydata()[0], model.get_ydata()[-1]) == (0, 1)
    assert 1 + len(np.unique(probability.round(1))) == len(model.get_xdata())


def test_slices_name_the_weakest() -> None:
    """A dot for each slice; the title names the one with the lowest AUC."""
    outcome, probability = drawn(2000)
    kind = np.where(np.arange(2000) < 500, "bad", "good")
    probability[:500] = np.random.default_rng(1).random(500)
    rows = slices(binary, pd.DataFrame({"kind": kind}), ["kind"], outcome, probability)
    figure = breakdown.slices(rows, "auc", 0.7)
    assert title(figure).startswith("Weakest where kind is bad")
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["good", "bad"]
    assert size(figure) > 5000


def test_slices_without_auc_can_be_drawn() -> None:
    """A few rows each: no dots, and the title says why."""
    outcome, probability = drawn(20)
    rows = slices(binary, pd.DataFrame({"a": range(20)}), ["a"], outcome, probability)
    figure = breakdown.slices(rows, "auc", 0.7)
    assert title(figure) == "No slice has rows enough to be ranked"
    assert size(figure) > 5000


def test_attributions_name_the_first() -> None:
    """The longest bar is on top; negative ones are drawn too."""
    table = pd.DataFrame(
        {"feature": ["wind_speed", "seats"], "importance": [0.5, -0.1], "method": "nats"}
    )
    figure = breakdown.attributions(table)
    assert title(figure) == "Wind speed matters most, of 2 features"
    assert [bar.get_width() for bar in figure.axes[0].patches] == [0.5, -0.1]


def test_production_shows_gaps() -> None:
    """What is not known of a period is a gap, not a line drawn through."""
    metrics = pd.DataFrame(
        {"auc": [0.75, np.nan, 0.65], "log_loss": [np.nan] * 3}, ["2024-01", "2024-02", "2024-03"]
    )
    figure = production.by_period(metrics, {"auc": 0.76, "log_loss": np.nan})
    assert title(figure) == "From 2024-01 to 2024-03, the AUC went from 0.750 to 0.650"
    assert size(figure) > 5000


def test_pictures_leave_no_state_behind() -> None:
    """No figure is open in pyplot's register, and no setting has changed."""
    before = dict(mpl.rcParams)
    curves.roc(*drawn(30))
    assert before == dict(mpl.rcParams)
    assert not _pylab_helpers.Gcf.figs
