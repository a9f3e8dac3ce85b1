"""Charts of a hyperparameter search."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from longhaul.plots import style
from longhaul.plots.style import BLUE, GREY, INK, RED
from longhaul.training.importance import MIN_TRIALS, numbers, setting_importance, succeeded
from longhaul.training.trials import Trial, best, best_so_far

_LOSS = "loss on validation"
_LOG_RATIO = 20  # from this ratio of largest to smallest, a positive setting has a log axis
_MAX_COLOUR = 0.9  # losses above this quantile share a colour, so that others differ in theirs


def history(trials: Sequence[Trial]) -> Figure:
    """Draw the loss of each trial, the lowest so far, and failed trials along the top."""
    figure, axes = style.chart(_gain(trials), "trial", _LOSS, width=7.5)
    valid, failed = succeeded(trials), [trial.number for trial in trials if trial.failure]
    axes.plot([t.number for t in valid], [t.loss for t in valid], "o", color=GREY, label="trial")
    lowest = best_so_far(trials)
    lowest[np.isinf(lowest)] = np.nan
    numbered = [trial.number for trial in trials]
    axes.step(numbered, lowest, where="post", color=BLUE, linewidth=2, label="lowest so far")
    if failed:
        top = np.full(len(failed), 0.97), axes.get_xaxis_transform()
        axes.plot(failed, top[0], "x", color=RED, transform=top[1], label="failed")
    winner = best(trials)
    axes.plot(winner.number, winner.loss, "o", color=RED, markersize=8, label="best")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.set_xlim(-0.5, len(trials) - 0.5)
    axes.margins(y=0.1)
    figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=9, labelcolor=INK)
    return figure


def importances(trials: Sequence[Trial]) -> Figure:
    """Draw the importance of each setting for the loss; see `longhaul.training.importance`."""
    shares = setting_importance(trials)
    if shares is None:
        return _note(
            "Too few trials to tell which settings matter",
            f"it takes {MIN_TRIALS} that succeeded, with losses that differ",
        )
    names = _labels(shares.index)
    figure, axes = style.chart(
        f"The loss depends most on {names[0]}",
        f"share of the fall in R² when shuffled ({len(succeeded(trials))} trials)",
        "",
        width=7.5,
        height=1.6 + 0.4 * len(shares),
    )
    bars = axes.barh(names, shares.to_numpy(), color=BLUE, height=0.65)
    axes.bar_label(bars, [f"{share:.0%}" for share in shares], padding=4, color=INK, fontsize=9)
    axes.grid(visible=False, axis="y")
    axes.invert_yaxis()
    axes.set_xlim(0, max(1.12 * shares.max(), 0.01))
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    return figure


def parallel(trials: Sequence[Trial]) -> Figure:
    """Draw parallel coordinates: a line per trial, coloured by its loss; the best in red."""
    ranked = sorted(succeeded(trials), key=lambda trial: (-trial.loss, -trial.number))
    frame = numbers(ranked)
    title = "Where good settings lie: dark lines have a low loss, the red one the lowest"
    figure, axes = style.chart(title, "", "", width=max(7.5, 1.3 * frame.shape[1] + 2))
    losses = np.array([trial.loss for trial in ranked])
    scale = ScalarMappable(
        Normalize(losses[-1], np.quantile(losses, _MAX_COLOUR)), colormaps["viridis"]
    )
    heights = np.column_stack([_heights(frame[name]) for name in frame])
    for colour, height in zip(scale.to_rgba(losses[:-1]), heights[:-1], strict=True):
        axes.plot(height, color=colour, linewidth=1.3)
    axes.plot(heights[-1], color=RED, linewidth=2.5, marker="o", markersize=5)
    for position, name in enumerate(ranked[0].settings):
        _axis(axes, position, frame[name], [trial.settings[name] for trial in ranked])
    axes.set_xticks(range(frame.shape[1]), _labels(frame.columns))
    axes.tick_params(axis="x", length=0, pad=20)
    axes.set(ylim=(-0.02, 1.08), yticks=[])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    if len(ranked) > 1:
        figure.colorbar(scale, ax=axes, label=_LOSS, extend="max").outline.set_visible(False)
    return figure


def _gain(trials: Sequence[Trial]) -> str:
    """Compare the best trial with the first, which has the defaults."""
    winner, first = best(trials), trials[0]
    if winner.number == first.number:
        return f"No trial beat the defaults, whose loss is {winner.loss:.4f}"
    gain = "" if first.failure else f", {first.loss - winner.loss:.4f} below the defaults"
    return f"The lowest loss is {winner.loss:.4f}, of trial {winner.number}{gain}"


def _note(title: str, text: str) -> Figure:
    figure = style.canvas(7.5, 1.8)
    style.headline(figure, title)
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, ha="center", va="center", color=INK, transform=axes.transAxes)
    return figure


def _axis(axes: Axes, position: int, column: pd.Series, settings: Sequence[object]) -> None:
    """Draw a vertical axis, with the lowest and the highest setting at its ends."""
    axes.plot([position, position], [0, 1], color=GREY, linewidth=0.8, zorder=0)
    for row, height, align in ((column.argmin(), -0.03, "top"), (column.argmax(), 1.03, "bottom")):
        text = _short(settings[int(row)])
        axes.text(position, height, text, ha="center", va=align, color=INK, fontsize=8)


def _heights(column: pd.Series) -> np.ndarray:
    """Scale values from the lowest (0) to the highest (1)."""
    values = column.to_numpy()
    if values.min() > 0 and values.max() / values.min() >= _LOG_RATIO:
        values = np.log(values)
    width = np.ptp(values)
    return (values - values.min()) / width if width else np.full(len(values), 0.5)


def _short(setting: object) -> str:
    is_number = isinstance(setting, (int, float)) and not isinstance(setting, bool)
    return f"{setting:.3g}" if is_number else str(setting)


def _labels(names: Iterable[str]) -> list[str]:
    return [name.replace("_", " ") for name in names]
