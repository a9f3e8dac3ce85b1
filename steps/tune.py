"""Search one family's settings with hyperopt; refit the best on all but the test window."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import mlflow
from mlflow.entities import Run
from tqdm import tqdm

from longhaul import imports, tasks
from longhaul.data import split as splits
from longhaul.data import table as tables
from longhaul.engines.base import SPARK
from longhaul.engines.spark.session import session
from longhaul.estimators import families
from longhaul.estimators.families import Family
from longhaul.pipeline import caller, fingerprint
from longhaul.pipeline.parameters import Engine, Minutes, Seed, Threads, Trials
from longhaul.pipeline.step import step
from longhaul.plots import search as plots
from longhaul.problem import TaskType
from longhaul.tasks import Task
from longhaul.tracking import artifacts, candidates
from longhaul.tracking import trials as records
from longhaul.training import candidate
from longhaul.training.candidate import EncodedWindows
from longhaul.training.objective import validation_objective
from longhaul.training.search import MAX_PENDING, Search
from longhaul.training.trials import Trial, best, resumable_trials, table

# What a trial's loss depends on; their imports count too.
_CODE = ("longhaul.training.objective", "longhaul.training.search")


@step
def tune(
    split: str,
    family: str,
    trials: Trials,
    minutes: Minutes,
    seed: Seed,
    threads: Threads,
    resume: bool,
    engine: Engine,
) -> str:
    """Search one family's settings; refit the best on training and validation together."""
    folder = artifacts.fetch(split)
    problem = splits.problem(folder)
    own = tables.families(problem, folder)
    chosen = families.family(family, own)
    train, valid = splits.read(folder, "train"), splits.read(folder, "valid")
    space = chosen.space()
    task, prepared = (
        tasks.task_for(problem.target.task_type),
        candidate.encode_windows(problem, train, valid),
    )
    first = {name: chosen.defaults[name] for name in space}
    key = _key(family, seed, folder)
    run = mlflow.get_run(mlflow.active_run().info.run_id)
    recorded = records.read(run.info.experiment_id, key) if resume else []
    earlier = resumable_trials(recorded, space)[:trials]
    search = Search(space, first, trials, minutes, seed)
    if engine == SPARK:
        new = _on_spark(search, family, own, problem.target.task_type, prepared, earlier)
    else:
        new = _on_this_machine(search, chosen, task, prepared, threads, earlier)
    found = _record(new, search, earlier, run, key)

    winner = best(found)
    fitted = candidate.fit(problem, train, valid, family, winner.settings, seed, threads, own)
    candidates.log(fitted, valid)
    _log_search(found, winner, fitted.settings, run)
    return _headline(task, found, len(earlier), fitted.metrics)


def _key(family: str, seed: int, folder: Path) -> str:
    """What a trial's loss depends on besides its settings: equal keys, equal trials."""
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    project = [*imports.closure(_CODE, caller.PROJECT), Path("requirements.txt")]
    parts = [
        family,
        seed,
        fingerprint.digests(files, folder),
        fingerprint.digests(project, caller.PROJECT),
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _on_this_machine(
    search: Search,
    family: Family,
    task: Task,
    prepared: EncodedWindows,
    threads: int,
    earlier: Sequence[Trial],
) -> Iterator[Trial]:
    """Try settings in this process, several at once where trials of the family can share."""
    cores = threads or os.cpu_count() or 1
    track = families.share_dataset(
        family, prepared.encoder, prepared.train, prepared.valid, search.seed
    )
    # Two trials side by side, with a processor each, get further than one after the other with two.
    max_pending = MAX_PENDING if track else 1
    workers = min(max_pending, cores)
    objective = validation_objective(task, family, prepared, search.seed, cores // workers, track)
    return replace(search, max_pending=max_pending, workers=workers).run(objective, earlier)


def _on_spark(
    search: Search,
    family: str,
    own: Sequence[Path],
    task_type: TaskType,
    prepared: EncodedWindows,
    earlier: Sequence[Trial],
) -> Iterator[Trial]:
    """Try settings on the workers of a cluster."""
    with session("longhaul tune") as spark:
        from longhaul.engines.spark.search import run

        yield from run(spark, search, family, own, task_type, prepared, earlier)


def _record(
    new: Iterable[Trial], search: Search, earlier: Sequence[Trial], run: Run, key: str
) -> list[Trial]:
    """All trials, those of `earlier` included; each new one is recorded as it ends."""
    found = list(earlier)
    total, done = search.trials, len(found)
    with tqdm(
        total=total, initial=done, desc="tune", unit="trial", leave=False, disable=None
    ) as bar:
        for trial in new:
            found.append(records.write(trial, run, key))
            bar.set_postfix_str(f"best loss {min(t.loss for t in found):.4f}", refresh=False)
            bar.update()
    return found


def _log_search(
    trials: Sequence[Trial], winner: Trial, settings: dict[str, float], run: Run
) -> None:
    """The search as a table, pictures, a curve and its outcome."""
    records.log_best(run.info.run_id, trials)
    outcome = {
        "trial": winner.number,
        "run": winner.run_id,
        "loss": winner.loss,
        "settings": settings,
    }
    mlflow.log_dict(outcome, "best.json")
    with tempfile.TemporaryDirectory(prefix="longhaul-") as temporary:
        folder = Path(temporary)
        table(trials).to_parquet(folder / "trials.parquet", index=False)
        (folder / "plots").mkdir()
        for draw in (plots.history, plots.importances, plots.parallel):
            draw(trials).savefig(folder / "plots" / f"{draw.__name__}.png")
        mlflow.log_artifacts(str(folder))


def _headline(
    task: Task, trials: Sequence[Trial], taken_over: int, metrics: dict[str, float]
) -> str:
    failed = sum(bool(trial.failure) for trial in trials)
    asides = [f"{taken_over} taken over"] if taken_over else []
    asides += [f"{failed} failed"] if failed else []
    aside = f" ({', '.join(asides)})" if asides else ""
    count = f"{len(trials)} trial{'s' if len(trials) > 1 else ''}"
    return f"{count}{aside}, best {candidates.summarize(task, metrics)} on validation"


if __name__ == "__main__":
    tune()
