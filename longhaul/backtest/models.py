"""Models of a backtest, with their counts of each period; they are shared between policies."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from longhaul.backtest.counts import PredictionCounts
from longhaul.data.labels import outcomes
from longhaul.evaluation import gate, scored_rows
from longhaul.evaluation.intervals import Interval
from longhaul.model.package import Package
from longhaul.monitoring import performance
from longhaul.monitoring.batches import align
from longhaul.monitoring.cluster_counts import ClusterCounts
from longhaul.monitoring.observation import Observation, observe
from longhaul.monitoring.performance import Figures
from longhaul.monitoring.reference import Reference
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
    """

    def __init__(
        self,
        problem: Problem,
        start: Package,
        baseline: Figures,
        periods: Sequence[str],
        rows: Callable[[str], pd.DataFrame],
        train: Callable[[str, bool], TrainedModel],
    ):
        self._problem, self._rows, self._train = problem, rows, train
        self._periods = tuple(periods)
        self._models = {START: TrainedModel(start, 0.0)}
        self._baselines: dict[str, Figures] = {START: baseline}
        self._references: dict[str, Reference] = {}
        self._first_unseen = {START: self._periods[0] if periods else ""}
        self._observed: dict[tuple[str, str], ObservedPeriod] = {}
        self._wins: dict[tuple[str, str, str], bool] = {}

    def seconds(self, name: str) -> float:
        """Return the time that a model's training took."""
        return self._models[name].seconds

    def threshold(self, name: str) -> float:
        """Return the threshold that a model decides by."""
        return self._models[name].package.predictor.threshold

    def baseline(self, name: str) -> Figures:
        """Return the figures of the window that a model was judged on."""
        return self._baselines[name]

    def reference(self, name: str) -> Reference:
        """Return the reference that is stored with a model."""
        if name not in self._references:
            self._references[name] = Reference.from_dict(self._models[name].package.reference)
        return self._references[name]

    def history(self, name: str, last: str) -> list[str]:
        """List the periods, up to one, that a model has not learned from.

        They begin with the period that it was judged on, or else with the first one after its
        training.
        """
        first = self._first_unseen[name]
        return [period for period in self._periods if first <= period <= last]

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
            later = [period for period in self._periods if period > newest]
            self._first_unseen[name] = newest if gated else later[0]
            self._baselines[name] = self._figures(name, newest, gated)
        return name

    def _figures(self, name: str, newest: str, gated: bool) -> Figures:
        """Compute the figures that a challenger is held to."""
        if gated:
            counts = self.observe(name, newest).counts
            return performance.realized(counts.by_cluster(), self._problem)
        # it has seen every window; validation comes closest to an unseen one
        metrics = self._models[name].package.valid_metrics()
        return {metric: Interval(value, np.nan, np.nan) for metric, value in metrics.items()}

    def wins(self, challenger: str, champion: str, period: str) -> bool:
        """Return whether a challenger passes the gate on the period that both have not seen."""
        key = (challenger, champion, period)
        if key not in self._wins:
            self._wins[key] = self._judge(*key)
        return self._wins[key]

    def _judge(self, challenger: str, champion: str, period: str) -> bool:
        candidate, rival = self._models[challenger].package, self._models[champion].package
        rows = scored_rows.score_rows(self._problem, self._rows(period), candidate.predictor)
        metrics = self._baselines[challenger]
        evidence = scored_rows.gather_evidence(rows, candidate, metrics, rival)
        return gate.judge(self._problem.gate, evidence).passed
