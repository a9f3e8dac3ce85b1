"""Ingestion of a source on one machine: read, checked and written as a table of periods."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import Any

import pandas as pd

from longhaul.data import breaches, periods, profile, sources, split
from longhaul.data.breaches import PeriodBreach
from longhaul.data.deliveries import Delivery
from longhaul.data.files import Fetch
from longhaul.data.forms import with_forms
from longhaul.data.labels import has_label, outcomes, require_variety, resolve
from longhaul.data.sources import Source
from longhaul.data.table import PeriodTable
from longhaul.errors import LonghaulError
from longhaul.json_values import sanitize_metric_name
from longhaul.problem import Problem, Target

SAMPLE_ROWS = 200
_EXAMPLES = 5


@dataclass(frozen=True)
class IngestedTable:
    """Description of a table that was written period by period.

    Attributes
    ----------
    problem : Problem
        With the classes of the target, where there are several.
    sample : DataFrame
        A few of its rows.
    quarantined : DataFrame
        Rows that do not fit, or lack an outcome that is needed, with the reason.
    profile : dict
        See `longhaul.data.profile.profile`.
    notes : list of str
        What had to be assumed to read the source.
    delivered : list of Delivery
        The files that arrived after the source, each with its batch.
    breaches : dict of str to PeriodBreach
        Periods of production with too many rows that do not fit; the table is without them.
    """

    problem: Problem
    sample: pd.DataFrame
    quarantined: pd.DataFrame
    profile: dict[str, Any]
    notes: list[str] = field(default_factory=list)
    delivered: list[Delivery] = field(default_factory=list)
    breaches: dict[str, PeriodBreach] = field(default_factory=dict)

    def metrics(self) -> dict[str, float]:
        """Return metrics of the whole table: counts, and the finite figures of the outcome."""
        return {
            "rows": self.profile["rows"],
            "periods": len(self.profile["periods"]),
            "quarantined": len(self.quarantined),
            **_finite(self.profile["outcome"]),
        }

    def period_metrics(self) -> dict[str, dict[str, float]]:
        """Return the metrics of each period, by its label."""
        return {
            label: {f"period_{name}": figure for name, figure in _finite(figures).items()}
            for label, figures in self.profile["periods"].items()
        }

    def headline(self) -> str:
        """Summarise the table in one line: rows, periods, outcome, quarantined rows."""
        rows, count = self.profile["rows"], len(self.profile["periods"])
        outcome = _outcome(self.profile["outcome"], self.problem.target)
        text = f"{rows:,} rows, {count} {periods.plural(self.problem.length)}, {outcome}"
        quarantined = len(self.quarantined)
        return text + (f"; {quarantined:,} rows quarantined" if quarantined else "")


def ingest(
    problem: Problem,
    folder: Path,
    fetch: Fetch,
    target: Path,
    recorded: Collection[Delivery] = (),
) -> IngestedTable:
    """Read a problem's whole source into memory; write its periods.

    Parameters
    ----------
    problem : Problem
    folder : Path
        Where a relative path starts: that of the problem file.
    fetch : callable
        Returns the local path of a URI that MLflow resolves.
    target : Path
        An existing folder, which gets the table.
    recorded : collection of Delivery
        See `longhaul.data.sources.read`.

    Raises
    ------
    LonghaulError
        When the source cannot be read, all outcomes are the same, or a window has no rows.
    """
    source = sources.read(problem, folder, fetch, recorded)
    formed = with_forms(problem, source.forms)
    resolved = replace(formed, target=resolve(source.frame, problem.target))
    broken = _broken(source, resolved)
    frame, dropped = _drop_periods(source.frame, broken, resolved)
    frame, unlabelled = _drop_unlabelled(frame, resolved)
    labelled = frame[has_label(frame, resolved.target)]
    values = labelled[resolved.target.column].unique()[:_EXAMPLES]
    require_variety(
        outcomes(labelled, resolved.target),
        resolved.target,
        f"target {resolved.target.column!r}",
        values,
    )
    table = PeriodTable(target)
    table.write(resolved, frame, folder)
    breaches.write(target, broken)
    require_windows(table, resolved)
    return IngestedTable(
        resolved,
        frame.head(SAMPLE_ROWS),
        pd.concat([source.unfit, dropped, unlabelled]),
        profile.profile(frame, resolved),
        source.notes,
        source.delivered,
        broken,
    )


def require_period_labels(problem: Problem) -> None:
    """Refuse windows of other periods than the table's: they would lose rows at their ends."""
    length = problem.length
    for name in (*split.WINDOWS, "production"):
        for bound in getattr(problem.windows, name):
            if not periods.is_label(bound, length):
                raise LonghaulError(
                    f"windows.{name}: {bound!r} is not {periods.singular(length)};"
                    f" its labels are such as {periods.example(length)}"
                )


def require_windows(table: PeriodTable, problem: Problem) -> None:
    """Refuse a table that has no rows in one of the windows."""
    closed = problem.windows.production[1:] and not table.breaches
    production = ["production"] if closed else []
    for name in (*split.WINDOWS, *production):
        table.window(name, problem)


def _broken(source: Source, problem: Problem) -> dict[str, PeriodBreach]:
    """Find the periods of production with too many rows that do not fit."""
    if not len(source.unfit):
        return {}
    unfit = source.unfit["reason"].groupby(periods.of(source.unfit, problem))
    good = periods.of(source.frame, problem).value_counts()
    bad = {str(label): int(count) for label, count in unfit.size().items()}
    rows = {label: count + int(good.get(label, 0)) for label, count in bad.items()}
    examples = {str(label): list(part.head(_EXAMPLES)) for label, part in unfit}
    return breaches.of_unfit(rows, bad, examples, problem)


def _drop_periods(
    frame: pd.DataFrame, broken: Mapping[str, PeriodBreach], problem: Problem
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Separate the rows of broken periods that fit themselves."""
    if not broken:
        return frame, frame.head(0).assign(reason="")
    period = periods.of(frame, problem)
    dropped = period.isin(list(broken))
    reasons = period[dropped].map(lambda label: f"{label}: {broken[label].reason}")
    return frame[~dropped].reset_index(drop=True), frame[dropped].assign(reason=reasons)


def _drop_unlabelled(frame: pd.DataFrame, problem: Problem) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Separate rows without an outcome, where one is needed to learn from.

    In production outcomes may come later, or never.
    """
    period = periods.of(frame, problem)
    needed = period.map(lambda label: not problem.windows.in_production(label))
    unlabelled = needed & frame[problem.target.column].isna()
    reason = f"{problem.target.column} is missing: no outcome to learn from"
    return frame[~unlabelled].reset_index(drop=True), frame[unlabelled].assign(reason=reason)


def _finite(figures: dict[str, float]) -> dict[str, float]:
    """Convert figures to metrics: names that MLflow takes, finite values only."""
    return {
        sanitize_metric_name(name): figure for name, figure in figures.items() if isfinite(figure)
    }


def _outcome(figures: dict[str, float], target: Target) -> str:
    if target.task_type == "binary":
        return f"{figures['positive_share']:.1%} {target.column} = {target.positive}"
    if target.task_type == "multiclass":
        return f"{len(target.classes)} classes of {target.column}"
    return f"{target.column} {figures['target_mean']:.4g} ± {figures['target_sd']:.3g}"
