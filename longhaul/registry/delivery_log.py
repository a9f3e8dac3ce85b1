"""Log of the files that arrived later, as tags of an experiment in MLflow.

All who use the tracking server share it. It is kept where whoever may run steps may write, in the
experiment of the step that saw the first file; it is read wherever it is.
"""

import json
from collections.abc import Collection
from datetime import UTC, datetime

import mlflow
from mlflow.entities import Experiment

from longhaul.data.deliveries import Delivery
from longhaul.errors import LonghaulError
from longhaul.problem import Problem
from longhaul.registry.lock import lock

_LOG, _LINE = "longhaul.deliveries", "longhaul.delivery"
_PRESENT = "yes"


def load(problem: Problem) -> list[Delivery]:
    """Load the deliveries of a problem, in order of their numbers; none without such files."""
    if problem.batches is None or not problem.batches.later:
        return []
    return _read(problem.name)


def record(problem: Problem, delivered: Collection[Delivery]) -> None:
    """Record deliveries that are not on record yet.

    Parameters
    ----------
    problem : Problem
    delivered : collection of Delivery
        Numbered after what `load` returned.

    Raises
    ------
    LonghaulError
        When another process has meanwhile given one of the numbers, or files, away.
    """
    if not delivered:
        return
    with lock(f"{problem.name}.deliveries"):
        recorded = _read(problem.name)
        new = [delivery for delivery in delivered if delivery not in recorded]
        for delivery in new:
            _require_free(delivery, recorded)
        if new:
            _write(problem.name, new)


def _require_free(delivery: Delivery, recorded: Collection[Delivery]) -> None:
    for other in recorded:
        if delivery.number == other.number or delivery.name == other.name:
            raise LonghaulError(
                f"batches.later: {delivery.name!r} was to be {delivery.period}, but meanwhile"
                f" {other.name!r} became {other.period}; nothing was changed: run this again"
            )


def _read(name: str) -> list[Delivery]:
    """Read the lines of a log, wherever it is."""
    prefix = f"{_LINE}/{name}/"
    lines = {
        int(key.removeprefix(prefix)): _parse(key, text)
        for experiment in _experiments(name)
        for key, text in experiment.tags.items()
        if key.startswith(prefix)
    }
    return [Delivery(file, number, digest) for number, (file, digest) in sorted(lines.items())]


def _write(name: str, deliveries: Collection[Delivery]) -> None:
    client, existing = mlflow.MlflowClient(), _experiments(name)
    here = mlflow.active_run().info.experiment_id
    experiment_id = existing[0].experiment_id if existing else here
    client.set_experiment_tag(experiment_id, f"{_LOG}/{name}", _PRESENT)
    for delivery in deliveries:
        line = {
            "file": delivery.name,
            "digest": delivery.digest,
            "seen": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        text = json.dumps(line, ensure_ascii=False)
        client.set_experiment_tag(experiment_id, f"{_LINE}/{name}/{delivery.number}", text)


def _experiments(name: str) -> list[Experiment]:
    """Return the experiments that have a part of a problem's log, oldest first."""
    matching = mlflow.MlflowClient().search_experiments(
        filter_string=f"tags.`{_LOG}/{name}` = '{_PRESENT}'", order_by=["creation_time ASC"]
    )
    return list(matching)


def _parse(key: str, text: str) -> tuple[str, str]:
    try:
        line = json.loads(text)
        return str(line["file"]), str(line["digest"])
    except (ValueError, KeyError, TypeError):
        raise LonghaulError(
            f"tag {key!r} of the experiment is not a valid line of the log of deliveries; it was"
            " changed from outside: restore that tag"
        ) from None
