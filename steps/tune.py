"""Search one family's settings with hyperopt; refit the best on all but the test window."""

import mlflow

from longhaul import tasks
from longhaul.data.split import Split
from longhaul.engines import base as engines
from longhaul.estimators import families
from longhaul.pipeline.parameters import Engine, Minutes, Seed, Threads, Trials
from longhaul.pipeline.search_key import search_key
from longhaul.pipeline.step import step
from longhaul.tracking import artifacts, candidates, search_log
from longhaul.tracking import trials as trial_runs
from longhaul.training import candidate
from longhaul.training.search import Search
from longhaul.training.trials import best, resumable_trials


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
    windows = Split(artifacts.fetch(split))
    problem, files = windows.problem, windows.family_files
    chosen = families.family(family, files)
    train, valid = windows.read("train"), windows.read("valid")
    encoded = candidate.encode_windows(problem, train, valid)
    space = chosen.space()
    first = {name: chosen.defaults[name] for name in space}
    search = Search(space, first, trials, minutes, seed)
    key = search_key(family, seed, windows.folder)
    run = mlflow.get_run(mlflow.active_run().info.run_id)
    recorded = trial_runs.read(run.info.experiment_id, key) if resume else []
    earlier = resumable_trials(recorded, space)[:trials]
    with engines.open(engine, "tune") as opened:
        new = opened.search(search, family, files, encoded, problem, threads, earlier)
        ended = search_log.record(new, earlier, trials, run, key)

    winner = best(ended)
    fitted = candidate.fit(problem, train, valid, family, winner.settings, seed, threads, files)
    candidates.log(fitted, valid)
    search_log.log(ended, winner, fitted.settings, run)
    task = tasks.task_for(problem.target.task_type)
    return search_log.headline(task, ended, len(earlier), fitted.metrics)


if __name__ == "__main__":
    tune()
