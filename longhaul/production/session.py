"""Scored periods of a registered model, loaded for monitoring."""

from collections.abc import Callable
from pathlib import Path

from longhaul.data import label_lag
from longhaul.data.table import PeriodTable
from longhaul.features.encoder import Encoder
from longhaul.model import recalibrated
from longhaul.model.package import Package
from longhaul.monitoring import estimation, level
from longhaul.monitoring.assessment import Assessment, Monitor, RealizedPerformance
from longhaul.monitoring.cluster_counts import ClusterCounts
from longhaul.monitoring.evidence import NO_CORRECTION, CorrectionEvidence
from longhaul.monitoring.observation import Observation
from longhaul.monitoring.performance import Figures
from longhaul.monitoring.reference import Reference
from longhaul.monitoring.scored import Scored
from longhaul.monitoring.scores import Scores
from longhaul.problem import Problem
from longhaul.production import days, judged, recalibration
from longhaul.production.history import ProductionHistory
from longhaul.registry.model_uri import ModelUri, version_uri
from longhaul.tracking import logged_models
from longhaul.traffic import summary

CountPeriod = Callable[[Path, Path, Problem, bool, Encoder, Reference], Observation | None]


class MonitoringSession:
    """Periods of a registered model, each with the version that predicted it.

    Parameters
    ----------
    folder : Path
        The table.
    problem : Problem
    past : ProductionHistory
        The history as it was when the present period began.
    model : ModelUri
        The version that predicted the present period.
    predictions : str
        URI of the folder of the present period's predictions.
    count : callable
        Counts a period: takes its rows, their predictions, the problem, whether labels are due,
        and the encoder and the reference of the model; see
        `longhaul.monitoring.observation.count`.
    """

    def __init__(
        self,
        folder: Path,
        problem: Problem,
        past: ProductionHistory,
        model: ModelUri,
        predictions: str,
        count: CountPeriod,
    ):
        self._folder, self._problem, self._past = folder, problem, past
        self._model, self._predictions, self._count = model, predictions, count
        self._breaches = PeriodTable(folder).breaches
        self._served = summary.read(folder)
        self._packages: dict[str, Package] = {}
        self._judged: dict[str, Figures] = {}
        self._counts: dict[str, ClusterCounts[Scored] | None] = {}
        self._observations: dict[tuple[str, bool], Observation | None] = {}

    def has_period(self, period: str) -> bool:
        """Return whether the table has a period."""
        return PeriodTable(self._folder).path(period).exists()

    def is_part(self, period: str) -> bool:
        """Return whether another version was in charge when a service answered the last rows."""
        served = self._served.get(period)
        return served is not None and served.in_charge != self._model.version

    def version(self, period: str) -> str:
        """Return the version that predicted a period: as recorded, else the present one."""
        record = self._past.periods.get(period)
        return record.version if record else self._model.version

    def run(self, period: str) -> str | None:
        """Return the run that monitored an earlier period; None where there is none."""
        record = self._past.periods.get(period)
        return record.run if record else None

    def realized_performance(self, period: str) -> RealizedPerformance:
        """Evaluate a period's predictions against its labels."""
        number = self.version(period)
        return self._monitor(number, period).realized(period, self.observe(period, due=True))

    def newly_due(self, period: str) -> list[RealizedPerformance]:
        """Evaluate the periods with labels due by the present one, and not before."""
        lag = label_lag.in_periods(self._problem.monitoring.label_lag, self._problem.length)
        pending = self._past.pending(period, lag)
        return [self.realized_performance(label) for label in pending if self._is_scored(label)]

    def present(self, period: str) -> list[RealizedPerformance]:
        """Evaluate the present period alone, by the outcomes that there are."""
        return [self.realized_performance(period)]

    def assess(self, period: str, performances: list[RealizedPerformance]) -> Assessment:
        """Assess the present period, given the realized performance of periods up to it."""
        number = self._model.version
        due = bool(performances) and performances[-1].realized.period == period
        of_version = [past for past in performances if self.version(past.realized.period) == number]
        observation = self.observe(period, due)
        return self._monitor(number, period).assess(
            period,
            observation,
            of_version,
            self._past.degraded(number),
            self._correction(period, observation),
            self._breaches.get(period),
            self._served[period].losses if period in self._served else None,
        )

    def _is_scored(self, period: str) -> bool:
        """Return whether the table has a period, and it was predicted when it was monitored."""
        record = self._past.periods.get(period)
        return self.has_period(period) and (record is None or bool(record.predictions))

    def _correction(self, period: str, observation: Observation | None) -> CorrectionEvidence:
        """Sum up what a correction of the present version has saved, or would have."""
        problem, model = self._problem, self._model
        if observation is None or not recalibration.applies(problem):
            return NO_CORRECTION
        past, present = self._past, self._predictions
        counts = dict(days.gather(model, past, problem, self._folder, present).parts)
        counts |= {
            day: part for day, part in observation.days.parts.items() if isinstance(part, Scores)
        }
        threshold = self._package(model.version).predictor.threshold
        shadow = level.forecast(ClusterCounts(counts), problem, threshold)
        scored = days.scored_file(model, self._predictions, period)
        is_applied = recalibrated.shifted_rows(scored) > 0
        return shadow.evidence(is_applied, level.lag_days(problem), problem.gate.confidence)

    def _monitor(self, number: str, period: str) -> Monitor:
        """Return the monitor of a version, with the outcomes that were due by a period."""
        return Monitor(
            self._reference(number),
            self._problem,
            self._baseline(number),
            self._judged_counts(number),
            self._recent(number, period),
        )

    def _judged_counts(self, number: str) -> ClusterCounts[Scored] | None:
        """Return the counts of the window that a version was judged on; None where not kept."""
        if number not in self._counts:
            self._counts[number] = judged.counts(self._model.name, number)
        return self._counts[number]

    def _recent(self, number: str, period: str) -> ClusterCounts[Scored] | None:
        """Return the counts of a version's newest earlier period with outcomes that were due.

        None where there is none, or fewer of its rows than `monitoring.min_labelled` have one.
        """
        monitoring = self._problem.monitoring
        due = label_lag.newest_due(period, monitoring.label_lag, self._problem.length)
        served = [
            label
            for label, record in self._past.periods.items()
            if record.version == number and record.predictions
        ]
        newest = estimation.newest_checked(served, period, due)
        counts = self._period_counts(newest) if newest else None
        return estimation.require_labelled(counts, self._problem)

    def _period_counts(self, period: str) -> ClusterCounts[Scored] | None:
        """Return the counts of a monitored period with outcomes, as counted now or as kept."""
        observation = self._observations.get((period, True))
        if observation is not None:
            return observation.clusters
        return judged.read_counts(f"runs:/{self._past.periods[period].run}")

    def observe(self, period: str, due: bool) -> Observation | None:
        """Count a period; its labels are read only if they are due.

        Nothing is counted of one that broke the contract: it was not predicted.
        """
        if period in self._breaches:
            return None
        if (period, due) not in self._observations:
            number, problem = self.version(period), self._problem
            record = self._past.periods.get(period)
            scored = days.scored_file(
                ModelUri(self._model.name, number, ""),
                record.predictions if record else self._predictions,
                period,
                self._predictions,
            )
            package = self._package(number)
            self._observations[period, due] = self._count(
                PeriodTable(self._folder).path(period),
                scored,
                problem,
                due,
                package.predictor.encoder,
                self._reference(number),
            )
        return self._observations[period, due]

    def _package(self, number: str) -> Package:
        if number not in self._packages:
            uri = version_uri(self._model.name, number)
            self._packages[number] = logged_models.load_for(uri, self._problem)
        return self._packages[number]

    def _reference(self, number: str) -> Reference:
        return Reference.from_dict(self._package(number).reference)

    def _baseline(self, number: str) -> Figures:
        """Return the figures that a version was judged by."""
        if number not in self._judged:
            package = self._package(number)
            self._judged[number] = judged.figures(self._model.name, number, package)
        return self._judged[number]
