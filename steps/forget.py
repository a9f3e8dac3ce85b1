"""Forget a person: rows go out of the prediction log and of all that steps have stored."""

from pathlib import Path

import click
import mlflow

from longhaul import problem_yaml
from longhaul.erasure import log_rows, person, receipt, stored_rows, stored_runs
from longhaul.erasure.receipt import Receipt
from longhaul.errors import LonghaulError
from longhaul.pipeline import caller
from longhaul.pipeline.step import step


@step
def forget(problem: str, key: str, values: str, log: str, reason: str) -> str:
    """Take a person's rows out; the ledger gets a receipt without the values."""
    declared, folder = problem_yaml.load(caller.problem_file(problem)), caller.folder()
    if not (key or declared.key):
        raise LonghaulError("key: the problem declares none; name the column that names the person")
    who = person.load(folder / values, key or declared.key)
    receipt.check_reason(reason, who)
    if log:
        log_rows.require_closed(folder / log)
    runs = stored_runs.load()
    counts = log_rows.erase(folder / log, who) if log else {}
    erased = stored_rows.erase(who, runs)
    stored_runs.compact_database()
    learned = receipt.versions_that_learned(declared.name, erased.periods)
    left = [*erased.left, *stored_rows.holding(stored_runs.databases(), who)]
    done = Receipt(who.key, {**counts, **erased.counts}, learned, left)
    mlflow.log_dict(done.to_dict(), "receipt.json")
    receipt.record(declared.name, done, reason, mlflow.active_run().info.run_id)
    click.echo(f"note: {_source_note(declared.source, folder / values)}", err=True)
    return done.headline


def _source_note(source: str, values: Path) -> str:
    return (
        f"the source {source or 'of the problem'}, copies of tables and backups elsewhere are yours"
        f" to clean, and {values} is yours to delete"
    )


if __name__ == "__main__":
    forget()
