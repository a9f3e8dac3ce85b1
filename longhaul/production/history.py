"""History of a registered model in production: one long-lived run, a point per period.

Its metrics have one point per period; its tags record for each period which version predicted it,
what was decided and, once the labels are known, whether the performance degraded.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import mlflow
from mlflow.entities import Metric, RunTag
from mlflow.exceptions import MlflowException

from longhaul.data import periods
from longhaul.errors import LonghaulError
from longhaul.registry import versions
from longhaul.registry.lock import lock
from longhaul.tracking.tags import PRODUCTION_RUN

PERIOD, PERFORMANCE = "longhaul.period.", "longhaul.truth."
PART = "longhaul.part."
RETRAINING, LOOK = "longhaul.retraining.", "longhaul.look."
_BATCH = 900  # MLflow takes a thousand metrics at a time
_STORED = {"known_in": "by", "degraded": "fell"}  # fields that are stored by another name


@dataclass(frozen=True)
class PeriodRecord:
    """Decision about one period.

    Attributes
    ----------
    period : str
    version : str
        The version that predicted it.
    level, action, reason : str
        Of the decision.
    run : str
        Id of the run that monitored it.
    predictions : str
        URI of the folder.
    """

    period: str
    version: str
    level: str
    action: str
    reason: str
    run: str
    predictions: str


@dataclass(frozen=True)
class PerformanceRecord:
    """Verdict on the realized performance of one period.

    Attributes
    ----------
    period : str
    version : str
        The version that predicted it.
    known_in : str
        The period that was monitored when the labels became known.
    degraded : bool
        A period for which it cannot be told yet has no record.
    """

    period: str
    version: str
    known_in: str
    degraded: bool

    def to_dict(self) -> dict[str, Any]:
        """Convert to the fields that are stored."""
        return {_STORED.get(name, name): value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Restore a record from `to_dict`."""
        names = {stored_name: name for name, stored_name in _STORED.items()}
        return cls(**{names.get(name, name): value for name, value in stored.items()})


@dataclass(frozen=True)
class ProductionHistory:
    """Periods of a registered model in production, with decisions and realized performance.

    Attributes
    ----------
    name : str
    run : str
        Empty before the first period.
    periods : mapping of str to PeriodRecord
    performance : mapping of str to PerformanceRecord
    retrainings : mapping of str to dict
        By period: the outcome of the challenger that was trained because of it.
    looks : mapping of str to dict
        By period whose cycle took it: the look at the challenger that waited.
    parts : mapping of str to PeriodRecord
        By period and version, such as ``2013-07 2``: the decision about the rows of a period that a
        service answered by another version than the one in charge at its end.
    """

    name: str
    run: str = ""
    periods: Mapping[str, PeriodRecord] = field(default_factory=dict)
    performance: Mapping[str, PerformanceRecord] = field(default_factory=dict)
    retrainings: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    looks: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    parts: Mapping[str, PeriodRecord] = field(default_factory=dict)

    @classmethod
    def load(cls, name: str) -> Self:
        """Load the history of a registered model; an empty one where there is none yet."""
        client, run_id = mlflow.MlflowClient(), _run_of(name)
        if run_id is None:
            return cls(name)
        tags = client.get_run(run_id).data.tags
        performance = _documents(tags, PERFORMANCE)
        return cls(
            name,
            run_id,
            {label: PeriodRecord(**stored) for label, stored in _documents(tags, PERIOD).items()},
            {label: PerformanceRecord.from_dict(stored) for label, stored in performance.items()},
            _documents(tags, RETRAINING),
            _documents(tags, LOOK),
            {label: PeriodRecord(**stored) for label, stored in _documents(tags, PART).items()},
        )

    def before(self, period: str) -> Self:
        """Return the history as it was when a period began."""
        return type(self)(
            self.name,
            self.run,
            {label: record for label, record in self.periods.items() if label < period},
            {
                label: record
                for label, record in self.performance.items()
                if record.known_in < period
            },
        )

    def pending(self, period: str, lag: int) -> list[str]:
        """Return the periods that have labels by a period and are not evaluated yet.

        Parameters
        ----------
        period : str
            The one that is monitored now.
        lag : int
            Periods until the labels of a period are due.
        """
        due = periods.shift(period, -lag)
        earlier = self.before(period)
        return [
            label
            for label in sorted({*earlier.periods, period})
            if label <= due and label not in earlier.performance
        ]

    def degraded(self, version: str) -> list[bool]:
        """Return whether performance was degraded, for each evaluated period of a version."""
        records = sorted(self.performance.values(), key=lambda record: record.period)
        return [record.degraded for record in records if record.version == version]

    def digest(self) -> str:
        """Return a digest of the periods and their performance."""
        parts = [
            [asdict(record) for _, record in sorted(self.periods.items())],
            [record.to_dict() for _, record in sorted(self.performance.items())],
        ]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def record_period(
    period: PeriodRecord,
    performance: Iterable[PerformanceRecord],
    metrics: Mapping[str, Mapping[str, float]],
    name: str,
    experiment_id: str,
) -> str:
    """Record a period, and the realized performance that became known with it.

    Parameters
    ----------
    period : PeriodRecord
    performance : iterable of PerformanceRecord
    metrics : mapping of str to mapping of str to float
        By period: its digits are the step, its end is the time.
    name : str
        The registered model.
    experiment_id : str
        Where the run of the history is created, if there is none yet.

    Returns
    -------
    str
        The id of that run.
    """
    run_id = _run_of(name) or _begin(name, experiment_id)
    points = [
        Metric(key, value, _end(label), periods.step(label))
        for label, figures in metrics.items()
        for key, value in figures.items()
    ]
    client = mlflow.MlflowClient()
    for start in range(0, len(points), _BATCH):
        client.log_batch(run_id, metrics=points[start : start + _BATCH])
    tags = [
        RunTag(PERFORMANCE + record.period, json.dumps(record.to_dict())) for record in performance
    ]
    # The period's own tag comes last: it says that all the others are there.
    client.log_batch(run_id, tags=tags)
    client.set_tag(run_id, PERIOD + period.period, json.dumps(asdict(period)))
    return run_id


def record_part(part: PeriodRecord, name: str, experiment_id: str) -> None:
    """Record the decision about the rows of a period that another version had answered.

    See `record_period` for the parameters.
    """
    run_id = _run_of(name) or _begin(name, experiment_id)
    tag = f"{PART}{part.period} {part.version}"
    mlflow.MlflowClient().set_tag(run_id, tag, json.dumps(asdict(part)))


def record_retraining(name: str, period: str, outcome: Mapping[str, object]) -> bool:
    """Record the outcome of a retraining on a period's evidence; return whether it is new."""
    recorded = ProductionHistory.load(name).retrainings.get(period)
    return recorded != outcome and _record(name, RETRAINING + period, outcome)


def record_look(name: str, period: str, outcome: Mapping[str, object]) -> bool:
    """Record a look at the challenger that waits; return False without a history to keep it."""
    return _record(name, LOOK + period, outcome)


def _record(name: str, tag: str, outcome: Mapping[str, object]) -> bool:
    run_id = _run_of(name)
    if run_id is None:
        return False
    mlflow.MlflowClient().set_tag(run_id, tag, json.dumps(outcome))
    return True


def _run_of(name: str) -> str | None:
    """Return the run of a registered model's history; None where there is none any more."""
    model = versions.find_model(name)
    run_id = model.tags.get(PRODUCTION_RUN) if model else None
    try:
        run = mlflow.MlflowClient().get_run(run_id) if run_id else None
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise
    return run_id if run and run.info.lifecycle_stage == "active" else None


def _begin(name: str, experiment_id: str) -> str:
    """Create the run, once even if several begin at the same time."""
    client = mlflow.MlflowClient()
    with lock(name):
        if run_id := _run_of(name):
            return run_id
        tags = {PRODUCTION_RUN: name}
        run = client.create_run(experiment_id, run_name=f"{name} in production", tags=tags)
        try:
            client.set_registered_model_tag(name, PRODUCTION_RUN, run.info.run_id)
        except MlflowException:
            client.set_terminated(run.info.run_id, "FAILED")
            raise LonghaulError(
                f"model {name!r}: not registered, so it has no history in production; register it"
            ) from None
    # It never ends, but a run that is RUNNING would look interrupted.
    client.set_terminated(run.info.run_id)
    return str(run.info.run_id)


def _end(period: str) -> int:
    return int(periods.end(period).timestamp() * 1000)


def _documents(tags: Mapping[str, str], prefix: str) -> dict[str, Any]:
    """Parse the tags that start with a prefix; by the rest of their names."""
    keys = sorted(key for key in tags if key.startswith(prefix))
    return {key.removeprefix(prefix): json.loads(tags[key]) for key in keys}
