"""Log of a search: each trial as it ends, then the table, the plots and the best trial."""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import mlflow
from mlflow.entities import Run
from tqdm import tqdm

from longhaul.plots import search as plots
from longhaul.tasks import Task
from longhaul.tracking import candidates
from longhaul.tracking import trials as trial_runs
from longhaul.training.trials import Trial, table


def record(
    new: Iterable[Trial], earlier: Sequence[Trial], limit: int, run: Run, key: str
) -> list[Trial]:
    """Record each new trial as it ends, and show the progress.

    Parameters
    ----------
    new : iterable of Trial
        Made while they are recorded.
    earlier : sequence of Trial
        Those of a search that was cut off; they are recorded already.
    limit : int
        The most trials of the search.
    run : Run
        Of the search.
    key : str
        See `longhaul.tracking.trials.write`.

    Returns
    -------
    list of Trial
        All of them, with the run that each is recorded in.
    """
    trials = list(earlier)
    with tqdm(
        total=limit, initial=len(trials), desc="tune", unit="trial", leave=False, disable=None
    ) as bar:
        for trial in new:
            trials.append(trial_runs.write(trial, run, key))
            bar.set_postfix_str(f"best loss {min(t.loss for t in trials):.4f}", refresh=False)
            bar.update()
    return trials


def log(trials: Sequence[Trial], best: Trial, settings: Mapping[str, float], run: Run) -> None:
    """Log a search that has ended: the curve of the best loss, a table, plots, the best trial.

    Parameters
    ----------
    trials : sequence of Trial
    best : Trial
    settings : mapping of str to float
        Of the model that was refitted with the best trial's.
    run : Run
        The active run.
    """
    trial_runs.log_best(run.info.run_id, trials)
    document = {
        "trial": best.number,
        "run": best.run_id,
        "loss": best.loss,
        "settings": settings,
    }
    mlflow.log_dict(document, "best.json")
    with tempfile.TemporaryDirectory(prefix="longhaul-") as temporary:
        folder = Path(temporary)
        table(trials).to_parquet(folder / "trials.parquet", index=False)
        (folder / "plots").mkdir()
        for draw in (plots.history, plots.importances, plots.parallel):
            draw(trials).savefig(folder / "plots" / f"{draw.__name__}.png")
        mlflow.log_artifacts(str(folder))


def headline(
    task: Task, trials: Sequence[Trial], resumed: int, metrics: Mapping[str, float]
) -> str:
    """Summarise a search in one line: its trials, and the metrics of the refitted model."""
    failed = sum(bool(trial.failure) for trial in trials)
    notes = [f"{resumed} taken over"] if resumed else []
    notes += [f"{failed} failed"] if failed else []
    note = f" ({', '.join(notes)})" if notes else ""
    count = f"{len(trials)} trial{'s' if len(trials) > 1 else ''}"
    return f"{count}{note}, best {candidates.summarize(task, metrics)} on validation"
