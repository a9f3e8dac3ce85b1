"""Pictures of a search for settings."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from longhaul.learning.importance import MIN_TRIALS, importance, numbers, succeeded
from longhaul.learning.trials import Trial, best, best_so_far

_BLUE, _RED, _GREY = "#2b6cb0", "#c2410c", "#94a3b8"
_LABEL = "log loss on validation"
_LOG_RATIO = 20  # from this ratio of largest to smallest on, a positive setting has a log axis


def history(trials: Sequence[Trial]) -> Figure:
    """The loss of each trial in turn, and the lowest so far; failed trials along the top edge."""
    figure, axes = _canvas(7.5, 4.2)
    known, failed = succeeded(trials), [trial.number for trial in trials if trial.failure]
    lowest = best_so_far(trials)
    axes.scatter(
        [t.number for t in known], [t.loss for t in known], s=22, color=_GREY, label="trial"
    )
    axes.step(
        [t.number for t in trials],
        np.where(np.isfinite(lowest), lowest, np.nan),
        where="post",
        color=_BLUE,
        label="lowest so far",
    )
    if failed:
        top = axes.get_xaxis_transform()
        axes.plot(
            failed, np.full(len(failed), 0.98), "x", color=_RED, transform=top, label="failed"
        )
    _mark_best(axes, best(trials))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.set_xlim(-0.5, len(trials) - 0.5)
    axes.set(xlabel="trial", ylabel=_LABEL, title="The search, trial by trial")
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure


def importances(trials: Sequence[Trial]) -> Figure:
    """How much each setting says about the loss; see `longhaul.learning.importance`."""
    shares = importance(trials)
    if shares is None:
        return _note(f"Too little to tell: it takes {MIN_TRIALS} trials\nwith losses that differ.")
    figure, axes = _canvas(7.5, 1.6 + 0.4 * len(shares))
    bars = axes.barh(_words(shares.index), shares.to_numpy(), color=_BLUE, height=0.65)
    axes.bar_label(bars, [f"{share:.0%}" for share in shares], padding=4)
    axes.invert_yaxis()
    axes.set_xlim(0, max(shares.max() * 1.15, 0.01))
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.set(
        xlabel=f"share of the fall in R² when shuffled ({len(succeeded(trials))} trials)",
        title="Which settings matter",
    )
    return figure


def parallel(trials: Sequence[Trial]) -> Figure:
    """One line per trial across an axis per setting, coloured by its loss; the best in red."""
    known = sorted(succeeded(trials), key=lambda trial: -trial.loss)
    frame = numbers(known)
    figure, axes = _canvas(max(7.5, 1.5 * frame.shape[1] + 2), 4.6)
    norm = Normalize(known[-1].loss, float(np.quantile([trial.loss for trial in known], 0.9)))
    heights = np.column_stack([_heights(frame[name]) for name in frame])
    colours = colormaps["viridis"]
    for trial, height in zip(known[:-1], heights[:-1], strict=True):
        axes.plot(height, color=colours(norm(trial.loss)), linewidth=1.3, alpha=0.8)
    axes.plot(heights[-1], color=_RED, linewidth=2.5, marker="o", markersize=4)
    for place, name in enumerate(frame):
        _axis(axes, place, frame[name], [trial.settings[name] for trial in known])
    axes.set_xticks(range(frame.shape[1]), _words(frame.columns), weight="bold")
    axes.tick_params(axis="x", length=0, pad=20)
    axes.set(ylim=(-0.02, 1.02), yticks=[])
    axes.set_title("Settings and their loss (the best in red)", pad=24)
    axes.spines[:].set_visible(False)
    figure.colorbar(ScalarMappable(norm, colours), ax=axes, label=_LABEL, extend="max")
    return figure


def _canvas(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained", dpi=120)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _note(text: str) -> Figure:
    figure, axes = _canvas(7.5, 2.0)
    axes.set_axis_off()
    axes.set_title("Which settings matter")
    axes.text(0.5, 0.5, text, ha="center", va="center", transform=axes.transAxes)
    return figure


def _mark_best(axes: Axes, trial: Trial) -> None:
    axes.plot(trial.number, trial.loss, "o", color=_RED, markersize=7)
    axes.annotate(
        f"{trial.loss:.4f}",
        (trial.number, trial.loss),
        xytext=(0, -14),
        textcoords="offset points",
        color=_RED,
        ha="center",
    )
    axes.margins(y=0.12)


def _axis(axes: Axes, place: int, column: pd.Series, settings: Sequence[object]) -> None:
    """One vertical line, with the lowest and the highest setting at its ends."""
    axes.axvline(place, color=_GREY, linewidth=0.8, zorder=0)
    ends = ((column.argmin(), -0.03, "top"), (column.argmax(), 1.03, "bottom"))
    for row, height, align in ends:
        text = _short(settings[int(row)])
        axes.text(place, height, text, ha="center", va=align, fontsize="small")


def _heights(column: pd.Series) -> np.ndarray:
    """Where values lie between the lowest (0) and the highest (1)."""
    values = column.to_numpy()
    if values.min() > 0 and values.max() / values.min() >= _LOG_RATIO:
        values = np.log(values)
    width = np.ptp(values)
    return (values - values.min()) / width if width else np.full(len(values), 0.5)


def _short(setting: object) -> str:
    is_number = isinstance(setting, (int, float)) and not isinstance(setting, bool)
    return f"{setting:.3g}" if is_number else str(setting)


def _words(names: Sequence[str]) -> list[str]:
    return [name.replace("_", " ") for name in names]
