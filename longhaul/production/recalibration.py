"""Recalibration of a version: its correction from the days so far, and a period corrected by it."""

from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any, Self

import mlflow

from longhaul.data import periods
from longhaul.data.table import PeriodTable
from longhaul.errors import LonghaulError
from longhaul.evaluation import scored_period
from longhaul.evaluation.threshold import theoretical_threshold
from longhaul.json_values import replace_non_finite
from longhaul.model import predictions as prediction_files
from longhaul.model import recalibrated
from longhaul.model.correction import Correction
from longhaul.monitoring import level
from longhaul.monitoring.level import Shadow
from longhaul.problem import Problem
from longhaul.production import days
from longhaul.production.history import ProductionHistory
from longhaul.registry import versions
from longhaul.registry.model_uri import ModelUri, resolve_model
from longhaul.tasks import task_for
from longhaul.tracking import artifacts, logged_models

CORRECTION, LEVEL, RECORD = "correction.json", "level.json", "recalibration.json"


@dataclass(frozen=True)
class Recalibration:
    """Correction of a version, with what it was made of.

    Attributes
    ----------
    model : ModelUri
    problem : Problem
    threshold : float
        The model's own.
    shadow : Shadow
    correction : Correction
    """

    model: ModelUri
    problem: Problem
    threshold: float
    shadow: Shadow
    correction: Correction

    @classmethod
    def make(cls, model: ModelUri, predictions: str, table: str, period: str) -> Self:
        """Make the correction of a version from all days up to a period.

        Parameters
        ----------
        model : ModelUri
            A registered version.
        predictions : str
            URI of the folder of the period's predictions; empty where it has none, or was
            monitored.
        table : str
            URI of the clean table; empty: only days that are logged count.
        period : str
            The last one that counts; empty: all monitored ones.

        Raises
        ------
        LonghaulError
            When the problem has not two classes and a time column, or a part of `predictions` is
            missing.
        """
        if predictions and not (table and period):
            raise LonghaulError("predictions: give their table and their period, too")
        folder = artifacts.fetch(table) if table else None
        problem = PeriodTable(folder).problem if folder else logged_models.load_problem(model.uri)
        if not applies(problem):
            raise LonghaulError(
                f"{model.uri}: only probabilities of two classes, in a table with a time column,"
                " can be corrected"
            )
        threshold = logged_models.load_for(model.uri, problem).predictor.threshold
        past = _past(model, period, bool(predictions))
        counts = days.gather(model, past, problem, folder, predictions)
        if folder and predictions:
            newest = days.count(model, problem, folder, predictions, period)
            counts = type(counts)({**counts.parts, **newest.parts})
        shadow = level.forecast(counts, problem, threshold)
        correction = shadow.correction(model.uri, theoretical_threshold(problem.costs))
        return cls(model, problem, threshold, shadow, correction)

    def withdrawn(self) -> Self:
        """Return the same without a correction: predictions are as the model itself gave them."""
        nothing = Correction(self.model.uri, (), (), self.correction.threshold)
        return replace(self, correction=nothing)

    def log(self) -> str:
        """Log the correction and the level by day to the active run; return the former's URI."""
        mlflow.log_dict(self.correction.to_dict(), CORRECTION)
        mlflow.log_dict(replace_non_finite(self._by_day()), LEVEL)
        mlflow.log_metric("shift", self.correction.current)
        return f"runs:/{mlflow.active_run().info.run_id}/{CORRECTION}"

    def rewrite(self, predictions: str, period: str) -> dict[str, float]:
        """Log the period's predictions, corrected, and how good they are; return the latter.

        Nothing is logged, and nothing returned, where no row would change, and where a service has
        given the predictions: what was served stays as it was.
        """
        source = days.scored_file(self.model, predictions, period)
        if prediction_files.is_served(source):
            return {}
        is_shifted = recalibrated.would_shift(source, self.problem, self.correction)
        if not (is_shifted or recalibrated.shifted_rows(source)):
            return {}
        with artifacts.log_folder(f"predictions/{self.model.key}") as folder:
            target = PeriodTable(folder).path(period)
            recalibrated.write(source, target, self.problem, self.threshold, self.correction)
            figures = self._measure(target)
        mlflow.log_metrics(figures, step=periods.step(period))
        return figures

    def explain(self) -> str:
        """Return in one line what the outcomes so far say."""
        shadow = self.shadow
        rows, used = shadow.rows.sum(), shadow.used & (shadow.rows > 0)
        if not rows:
            return "no outcome has come in yet"
        newest = f"newest shift {self.correction.current:+.3f}"
        if not used.any():
            return f"no day is corrected: {rows:,.0f} outcomes do not show yet that it helps"
        gain = shadow.gains[used].sum() / shadow.rows[used].sum()
        return f"{newest}; saved {gain:.4f} of log loss a row on {used.sum()} corrected days"

    def _by_day(self) -> dict[str, Any]:
        shadow = self.shadow
        return {
            "version": self.model.uri,
            "days": list(shadow.days),
            "forecasts": shadow.forecasts.tolist(),
            "used": shadow.used.tolist(),
            "rows": shadow.rows.tolist(),
            "gains": shadow.gains.tolist(),
            "savings": shadow.savings.tolist(),
        }

    def _measure(self, file: Path) -> dict[str, float]:
        """Measure corrected predictions as the step `score` does."""
        scored = prediction_files.read(file, self.problem.target.task_type)
        labelled = scored[scored["outcome"].notna()]
        task = task_for(self.problem.target.task_type)
        figures = {
            "rows": float(len(scored)),
            "corrected_rows": float(recalibrated.shifted_rows(file)),
            **scored_period.measure(labelled, task, self.problem),
        }
        return {name: figure for name, figure in figures.items() if isfinite(figure)}


def applies(problem: Problem) -> bool:
    """Return whether a problem's probabilities can be corrected day by day."""
    return problem.target.task_type == "binary" and problem.time is not None


def require_version(model: str) -> ModelUri:
    """Resolve the version to recalibrate.

    Raises
    ------
    LonghaulError
        When it is not registered, or not ready.
    """
    version = resolve_model(model)
    if not version.version:
        raise LonghaulError(
            f"model: {model!r} is not registered; recalibrate takes models:/<name>/<version>"
        )
    versions.require_ready(version.name, version.version)
    return version


def _past(model: ModelUri, period: str, before: bool) -> ProductionHistory:
    """Load the version's history: all of it, up to a period, or before it."""
    past = ProductionHistory.load(model.name)
    if not period:
        return past
    return past.before(period if before else periods.shift(period, 1))
