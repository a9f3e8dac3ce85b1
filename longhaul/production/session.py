"""A deployed model's periods, old and new, with what its versions said of them."""

from collections.abc import Callable, Iterable
from pathlib import Path

from longhaul import tasks
from longhaul.data.table import PeriodTable
from longhaul.errors import LonghaulError
from longhaul.features.encoder import Encoder
from longhaul.model.package import Package
from longhaul.monitoring import assessment
from longhaul.monitoring.assessment import Assessment, Truth
from longhaul.monitoring.observation import Observation
from longhaul.monitoring.reference import Reference
from longhaul.problem import Problem, Target
from longhaul.production.history import ProductionHistory
from longhaul.registry import versions
from longhaul.registry.model_uri import ModelUri
from longhaul.tracking import artifacts, logged_models

CountPeriod = Callable[[Path, Path, Target, bool, Encoder, Reference, Iterable[str]], Observation | None]


class MonitoringSession:
    """A model's periods, each with the version that predicted it.

    Parameters
    ----------
    folder : Path
        The table.
    problem : Problem
    past : Life
        What was on record when the present period began.
    identity : Identity
        The version that predicted the present period.
    predictions : str
        URI of the folder of the present period's predictions.
    count : callable
        Counts a period: takes its rows, their predictions, the target, whether outcomes are due,
        the encoder and the reference of the model, and columns that are no features; see
        `longhaul.monitoring.observation.observe`.
    """

    def __init__(
        self,
        folder: Path,
        problem: Problem,
        past: ProductionHistory,
        identity: ModelUri,
        predictions: str,
        count: CountPeriod,
    ):
        self._folder, self._problem, self._past = folder, problem, past
        self._identity, self._predictions, self._count = identity, predictions, count
        self._packages: dict[str, Package] = {}
        self._seen: dict[tuple[str, bool], Observation | None] = {}

    def knows(self, period: str) -> bool:
        """Whether the table has the period."""
        return PeriodTable(self._folder).path(period).exists()

    def version(self, period: str) -> str:
        """The version that predicted a period: that of the record, or the present one."""
        known = self._past.periods.get(period)
        return known.version if known else self._identity.version

    def truth(self, period: str) -> Truth:
        """What became of a period's predictions."""
        number = self.version(period)
        return assessment.truth(
            period,
            self._observe(period, due=True),
            self._reference(number),
            self._problem,
            self._baseline(number),
        )

    def assess(self, period: str, truths: list[Truth]) -> Assessment:
        """Judge the present period, in the light of what became of those before."""
        number = self._identity.version
        due = bool(truths) and truths[-1].realized.period == period
        mine = [one for one in truths if self.version(one.realized.period) == number]
        return assessment.assess(
            period,
            self._observe(period, due),
            self._reference(number),
            self._problem,
            self._baseline(number),
            mine,
            self._past.fell(number),
        )

    def _observe(self, period: str, due: bool) -> Observation | None:
        """The counts of a period; outcomes are looked at only if they are due."""
        if (period, due) not in self._seen:
            number, problem = self.version(period), self._problem
            known = self._past.periods.get(period)
            uri = known.predictions if known else self._predictions
            key = ModelUri(self._identity.name, number, "").key
            scored = artifacts.fetch(uri) / key / f"{period}.parquet"
            if not scored.exists():
                raise LonghaulError(
                    f"predictions: {uri} has none of {period} by version {number}; score it first"
                )
            package = self._package(number)
            aside = (*problem.excluded, *([problem.time.column] if problem.time else []))
            self._seen[period, due] = self._count(
                PeriodTable(self._folder).path(period),
                scored,
                problem.target,
                due,
                package.predictor.encoder,
                self._reference(number),
                aside,
            )
        return self._seen[period, due]

    def _package(self, number: str) -> Package:
        if number not in self._packages:
            uri = f"models:/{self._identity.name}/{number}"
            self._packages[number] = logged_models.load_for(uri, self._problem)
        return self._packages[number]

    def _reference(self, number: str) -> Reference:
        return Reference.read(self._package(number).reference)

    def _baseline(self, number: str) -> float:
        """The leading figure when a version was judged; that on validation where it was not."""
        lead = tasks.task_for(self._problem.target.task_type).primary_metric
        tags = versions.version(self._identity.name, number).tags
        try:
            return float(tags[f"test_{lead}"])
        except (KeyError, ValueError):
            return self._package(number).valid_metrics()[lead]
