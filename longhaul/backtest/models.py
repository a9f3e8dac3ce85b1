"""Models of a backtest, with their counts of each period; they are shared between policies."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from longhaul.backtest.counts import PredictionCounts
from longhaul.backtest.response import Judgement
from longhaul.backtest.tenure import Deployed
from longhaul.data.labels import outcomes
from longhaul.evaluation import gate, scored_rows
from longhaul.evaluation.comparison import Comparison, Windows
from longhaul.evaluation.intervals import Interval
from longhaul.model.package import Package
from longhaul.monitoring import performance
from longhaul.monitoring.batches import align
from longhaul.monitoring.cluster_counts import ClusterCounts
from longhaul.monitoring.observation import Observation, observe
from longhaul.monitoring.performance import Figures
from longhaul.monitoring.reference import Reference
from longhaul.monitoring.scored import Scored
from longhaul.problem import Problem

START = "start"


@dataclass(frozen=True)
class TrainedModel:
    """Model with the time that its training took.

    Attributes
    ----------
    package : Package
    seconds : float
    """

    package: Package
    seconds: float


@dataclass(frozen=True)
class ObservedPeriod:
    """Counts of a period and of a model's predictions on it.

    Attributes
    ----------
    counts : PredictionCounts
    observation : Observation
        Of the features; without counts by cluster, by day or by slice.
    """

    counts: PredictionCounts
    observation: Observation


class Models:
    """Models by name, each trained once.

    Parameters
    ----------
    problem : Problem
    start : Package
        The champion of the first period.
    baseline : mapping of str to Interval
        Its figures on the window that it was judged on.
    periods : sequence of str
        In order of time: those that the champion was judged on, and those of the backtest.
    rows : callable
        Returns the rows of a period.
    train : callable
        Trains a model once the outcomes of a period are there: on it as well, or, if gated, on all
        periods before it.
    judged : ClusterCounts, optional
        The champion's own predictions on the window that it was judged on.
    """

    def __init__(
        self,
        problem: Problem,
        start: Package,
        baseline: Figures,
        periods: Sequence[str],
        rows: Callable[[str], pd.DataFrame],
        train: Callable[[str, bool], TrainedModel],
        judged: ClusterCounts[Scored] | None = None,
    ):
        self._problem, self._rows, self._train = problem, rows, train
        self._periods = tuple(periods)
        self._models = {START: TrainedModel(start, 0.0)}
        self._baseline, self._judged = baseline, judged
        self._references: dict[str, Reference] = {}
        self._first_unseen = {START: self._periods[0] if periods else ""}
        self._observed: dict[tuple[str, str], ObservedPeriod] = {}
        self._compared: dict[tuple[str, str, Windows], Judgement] = {}

    def seconds(self, name: str) -> float:
        """Return the time that a model's training took."""
        return self._models[name].seconds

    def threshold(self, name: str) -> float:
        """Return the threshold that a model decides by."""
        return self._models[name].package.predictor.threshold

    def baseline(self, model: Deployed) -> Figures:
        """Return the figures that a model is held to: of the window that it was judged on."""
        if model.name == START:
            return self._baseline
        if model.judged_on:
            return performance.realized(self._counts_judged_on(model), self._problem)
        # it has seen every window; validation comes closest to an unseen one
        metrics = self._models[model.name].package.valid_metrics()
        return {metric: Interval(value, np.nan, np.nan) for metric, value in metrics.items()}

    def judged(self, model: Deployed) -> ClusterCounts[Scored] | None:
        """Return the counts of the window that a model was judged on; None where there is none."""
        if model.name == START:
            return self._judged
        return self._counts_judged_on(model) if model.judged_on else None

    def _counts_judged_on(self, model: Deployed) -> ClusterCounts[Scored]:
        return self.observe(model.name, model.judged_on).counts.by_cluster()

    def reference(self, name: str) -> Reference:
        """Return the reference that is stored with a model."""
        if name not in self._references:
            self._references[name] = Reference.from_dict(self._models[name].package.reference)
        return self._references[name]

    def history(self, model: Deployed, last: str) -> list[str]:
        """List the periods, up to one, that a model has not learned from.

        They begin with the period that it was judged on, or else with the first one after its
        training.
        """
        first = model.judged_on or self._first_unseen[model.name]
        return [period for period in self._periods if first <= period <= last]

    def last_seen(self, model: Deployed) -> str:
        """Return the last period that a model was fitted or judged on."""
        windows = self._models[model.name].package.windows.values()
        return max(model.judged_on, *(last for _, last in windows))

    def observe(self, name: str, period: str) -> ObservedPeriod:
        """Predict and count a period, unless that is done."""
        if (name, period) not in self._observed:
            self._observed[name, period] = self._observe(name, period)
        return self._observed[name, period]

    def _observe(self, name: str, period: str) -> ObservedPeriod:
        predictor, frame = self._models[name].package.predictor, self._rows(period)
        outcome = outcomes(frame, self._problem.target).astype(float)
        columns = predictor.columns(predictor.scores(frame))
        batch = align(frame, columns, outcome, self._problem, np.arange(len(frame)))
        observation = observe([batch], predictor.encoder, self.reference(name), self._problem)
        assert observation is not None  # a period of a table has rows
        features = replace(observation, clusters=ClusterCounts(), days=ClusterCounts(), slices={})
        return ObservedPeriod(PredictionCounts.of(batch), features)

    def train(self, newest: str, gated: bool) -> str:
        """Train the challenger of a period with outcomes unless it is there; return its name."""
        name = f"{newest}{'' if gated else ' and all of it'}"
        if name not in self._models:
            self._models[name] = self._train(newest, gated)
            self._first_unseen[name] = next(p for p in self._periods if p > newest)
        return name

    def compare(
        self, challenger: str, champion: str, period: str, earlier: Comparison | None = None
    ) -> Judgement:
        """Judge a challenger on a period that both models have not seen, as `evaluate` does.

        Parameters
        ----------
        challenger, champion : str
        period : str
        earlier : Comparison, optional
            Of earlier looks.
        """
        windows = earlier.windows if earlier else ()
        key = (challenger, champion, (*windows, (period, period)))
        if key not in self._compared:
            self._compared[key] = self._judge(challenger, champion, period, earlier)
        return self._compared[key]

    def _judge(
        self, challenger: str, champion: str, period: str, earlier: Comparison | None
    ) -> Judgement:
        candidate, rival = self._models[challenger].package, self._models[champion].package
        rows = scored_rows.score_rows(self._problem, self._rows(period), candidate.predictor)
        metrics = self.baseline(Deployed(challenger, period))
        evidence = scored_rows.gather_evidence(rows, candidate, metrics, rival, earlier)
        assert evidence.champion is not None  # there is a rival
        assert evidence.champion.comparison is not None
        verdict = gate.judge(self._problem.gate, evidence)
        return Judgement(verdict.outcome, evidence.champion.comparison)
