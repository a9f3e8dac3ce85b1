"""The life of a registered model in production: one long-lived run, a point per period.

Its metrics are curves over the periods; its tags say, period by period, which version was in
charge, what was decided and, once outcomes are known, whether the performance fell.
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

PERIOD, PERFORMANCE, RETRAINING = "longhaul.period.", "longhaul.truth.", "longhaul.retraining."
_BATCH = 900  # MLflow takes a thousand metrics at a time


@dataclass(frozen=True)
class PeriodRecord:
    """What was decided about one period.

    Attributes
    ----------
    period : str
    version : str
        That was in charge.
    level, action, reason : str
        Of the decision.
    run : str
        That monitored it.
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
    """What became known of one period's outcomes.

    Attributes
    ----------
    period : str
    version : str
        That had predicted it.
    by : str
        The period in whose monitoring it became known.
    fell : bool
        Whether the performance fell. Where that cannot be told yet, there is no such record.
    """

    period: str
    version: str
    by: str
    fell: bool


@dataclass(frozen=True)
class ProductionHistory:
    """All that is on record of a registered model.

    Attributes
    ----------
    name : str
    run : str
        Empty before the first period.
    periods : mapping of str to Period
    truths : mapping of str to Truth
    retrainings : mapping of str to dict
        What became of the challenger that was trained on a period's evidence.
    """

    name: str
    run: str = ""
    periods: Mapping[str, PeriodRecord] = field(default_factory=dict)
    truths: Mapping[str, PerformanceRecord] = field(default_factory=dict)
    retrainings: Mapping[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, name: str) -> Self:
        """Read it from the store; an empty one where there is none yet."""
        client, run_id = mlflow.MlflowClient(), _run_of(name)
        if run_id is None:
            return cls(name)
        tags = client.get_run(run_id).data.tags
        return cls(
            name,
            run_id,
            {k.removeprefix(PERIOD): PeriodRecord(**json.loads(tags[k])) for k in _keys(tags, PERIOD)},
            {k.removeprefix(PERFORMANCE): PerformanceRecord(**json.loads(tags[k])) for k in _keys(tags, PERFORMANCE)},
            {k.removeprefix(RETRAINING): json.loads(tags[k]) for k in _keys(tags, RETRAINING)},
        )

    def before(self, period: str) -> Self:
        """What was on record when a period began."""
        return type(self)(
            self.name,
            self.run,
            {label: one for label, one in self.periods.items() if label < period},
            {label: one for label, one in self.truths.items() if one.by < period},
        )

    def pending(self, period: str, lag: int) -> list[str]:
        """The periods whose outcomes are due with this one, and were not told of before it."""
        due = periods.shift(period, -lag)
        earlier = self.before(period)
        return [
            label
            for label in sorted({*earlier.periods, period})
            if label <= due and label not in earlier.truths
        ]

    def fell(self, version: str) -> list[bool]:
        """Whether the performance of a version fell in each period of it that is known."""
        known = sorted(self.truths.values(), key=lambda one: one.period)
        return [one.fell for one in known if one.version == version]

    def digest(self) -> str:
        """What tells one record from another."""
        parts = [
            [asdict(one) for _, one in sorted(self.periods.items())],
            [asdict(one) for _, one in sorted(self.truths.items())],
        ]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def record_period(
    period: PeriodRecord,
    truths: Iterable[PerformanceRecord],
    metrics: Mapping[str, Mapping[str, float]],
    name: str,
    experiment_id: str,
) -> str:
    """Put a period on record, and what became known in it.

    Parameters
    ----------
    period : Period
    truths : iterable of Truth
    metrics : mapping of str to mapping of str to float
        By period: its digits are the step, its end is the time.
    name : str
        The registered model.
    experiment_id : str
        Where the run of its life is made, if there is none yet.

    Returns
    -------
    str
        The id of that run.
    """
    run_id = _run_of(name) or _begin(name, experiment_id)
    points = [
        Metric(key, value, _end(label), periods.step(label))
        for label, found in metrics.items()
        for key, value in found.items()
    ]
    client = mlflow.MlflowClient()
    for start in range(0, len(points), _BATCH):
        client.log_batch(run_id, metrics=points[start : start + _BATCH])
    tags = [RunTag(PERFORMANCE + one.period, json.dumps(asdict(one))) for one in truths]
    # The period's own tag comes last: it says that all the others are there.
    client.log_batch(run_id, tags=tags)
    client.set_tag(run_id, PERIOD + period.period, json.dumps(asdict(period)))
    return run_id


def record_retraining(name: str, period: str, outcome: Mapping[str, object]) -> None:
    """Put on record what became of the challenger that was trained on a period's evidence."""
    if run_id := _run_of(name):
        mlflow.MlflowClient().set_tag(run_id, RETRAINING + period, json.dumps(outcome))


def _run_of(name: str) -> str | None:
    """The run of a registered model's life; None where there is none, or it was deleted."""
    model = versions.find_model(name)
    run_id = model.tags.get(PRODUCTION_RUN) if model else None
    try:
        found = mlflow.MlflowClient().get_run(run_id) if run_id else None
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise
    return run_id if found and found.info.lifecycle_stage == "active" else None


def _begin(name: str, experiment_id: str) -> str:
    """Create the run, once even if several begin at the same time."""
    client = mlflow.MlflowClient()
    with lock(name):
        if run_id := _run_of(name):
            return run_id
        run = client.create_run(experiment_id, run_name=f"{name} in production", tags={PRODUCTION_RUN: name})
        try:
            client.set_registered_model_tag(name, PRODUCTION_RUN, run.info.run_id)
        except MlflowException:
            client.set_terminated(run.info.run_id, "FAILED")
            raise LonghaulError(f"model {name!r}: not registered, so it has no life") from None
    # It is never over, but a run that is RUNNING would look cut off.
    client.set_terminated(run.info.run_id)
    return str(run.info.run_id)


def _end(period: str) -> int:
    return int(periods.end(period).timestamp() * 1000)


def _keys(tags: Mapping[str, str], prefix: str) -> list[str]:
    return sorted(key for key in tags if key.startswith(prefix))
