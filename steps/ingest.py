"""Read the source into one Parquet file per period, with only what is known before prediction."""

from math import isfinite

import click
import mlflow

from longhaul import problem as problems
from longhaul.data import ingestion, parquet, periods, sources
from longhaul.engines import base as engines
from longhaul.json_values import sanitize_metric_name
from longhaul.pipeline import caller
from longhaul.pipeline.parameters import Engine
from longhaul.pipeline.step import step
from longhaul.tracking import artifacts, datasets


def source_digest(problem: str) -> str:
    """Digest the content of the problem's source."""
    path = caller.problem_file(problem)
    return sources.digest(problems.load(path), path.parent, artifacts.fetch)


@step(state=source_digest)
def ingest(problem: str, engine: Engine) -> str:
    """Read the source; write its periods and their profile."""
    path = caller.problem_file(problem)
    declared, folder = problems.load(path), path.parent
    ingestion.require_period_labels(declared)
    with engines.open(engine, "ingest") as opened, opened.log_folder("table") as table:
        ingested = opened.ingest(declared, folder, table)
    for note in ingested.notes:
        click.echo(f"note: {note}", err=True)
    if len(ingested.quarantined):
        with artifacts.log_folder("quarantine") as quarantine:
            parquet.write(ingested.quarantined, quarantine / "ingest.parquet")
    profile, quarantined = ingested.profile, len(ingested.quarantined)
    mlflow.log_dict({**profile, "notes": ingested.notes, "quarantined": quarantined}, "profile.json")
    datasets.log(
        ingested.sample,
        name=declared.name,
        source=sources.address(declared, folder),
        digest=source_digest(problem),
        context="ingest",
        rows=profile["rows"],
    )
    counts = {"rows": profile["rows"], "periods": len(profile["periods"])}
    outcome = _metrics(profile["outcome"])
    mlflow.log_metrics({**counts, "quarantined": quarantined, **outcome})
    for label, figures in profile["periods"].items():
        by_period = {f"period_{name}": value for name, value in _metrics(figures).items()}
        mlflow.log_metrics(by_period, step=periods.step(label))
    return ingested.headline()


def _metrics(figures: dict[str, float]) -> dict[str, float]:
    """Convert the names of figures to names that MLflow takes; leave out what is not finite."""
    return {
        sanitize_metric_name(name): value for name, value in figures.items() if isfinite(value)
    }


if __name__ == "__main__":
    ingest()
