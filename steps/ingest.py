"""Read the source into one Parquet file per period, without columns known only afterwards."""

import click
import mlflow

from longhaul import problem_yaml
from longhaul.data import ingestion, parquet, periods, sources
from longhaul.engines import base as engines
from longhaul.pipeline import caller
from longhaul.pipeline.parameters import Engine
from longhaul.pipeline.step import step
from longhaul.registry import delivery_log
from longhaul.tracking import artifacts, datasets


def source_digest(problem: str) -> str:
    """Digest the content of the problem's source."""
    path = caller.problem_file(problem)
    declared = problem_yaml.load(path)
    return sources.digest(declared, path.parent, artifacts.fetch, delivery_log.load(declared))


@step(state=source_digest)
def ingest(problem: str, engine: Engine) -> str:
    """Read the source; write its periods and their profile."""
    path = caller.problem_file(problem)
    declared, folder = problem_yaml.load(path), path.parent
    ingestion.require_period_labels(declared)
    with engines.open(engine, "ingest") as opened, opened.log_folder("table") as table:
        ingested = opened.ingest(declared, folder, table, delivery_log.load(declared))
        delivery_log.record(declared, ingested.delivered)
    for note in ingested.notes:
        click.echo(f"note: {note}", err=True)
    if len(ingested.quarantined):
        with artifacts.log_folder("quarantine") as quarantine:
            parquet.write(ingested.quarantined, quarantine / "ingest.parquet")
    profile, quarantined = ingested.profile, len(ingested.quarantined)
    mlflow.log_dict(
        {**profile, "notes": ingested.notes, "quarantined": quarantined}, "profile.json"
    )
    datasets.log(
        ingested.sample,
        name=declared.name,
        source=sources.address(declared, folder),
        digest=source_digest(problem),
        context="ingest",
        rows=profile["rows"],
    )
    mlflow.log_metrics(ingested.metrics())
    for label, metrics in ingested.period_metrics().items():
        mlflow.log_metrics(metrics, step=periods.step(label))
    return ingested.headline()


if __name__ == "__main__":
    ingest()
