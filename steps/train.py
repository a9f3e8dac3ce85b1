"""Fit one family, with its default settings or given ones."""

import click

from longhaul.data import split as splits
from longhaul.data import table as tables
from longhaul.estimators import families
from longhaul.pipeline.step import stage
from longhaul.tracking import artifacts, candidates
from longhaul.training import candidate


@stage
@click.option("--split", required=True, help="The split folder of split.")
@click.option("--family", required=True, help=f"One of {', '.join(families.FAMILIES)}.")
@click.option("--settings", required=True, help="settings.json of a run; empty: the defaults.")
@click.option("--seed", required=True, type=click.IntRange(min=0), help="Of everything random.")
@click.option(
    "--threads", required=True, type=click.IntRange(min=0), help="Processors to use; 0 is all."
)
def train(split: str, family: str, settings: str, seed: int, threads: int) -> str:
    """Fit one family; log the model and its validation metrics."""
    folder = artifacts.fetch(split)
    problem = splits.problem(folder)
    own = tables.families(problem, folder)
    families.family(family, own)
    rows, valid = splits.read(folder, "train"), splits.read(folder, "valid")
    chosen = candidates.read_settings(settings) if settings else {}
    fitted = candidate.fit(problem, rows, valid, family, chosen, seed, threads, own)
    return candidates.log(fitted, valid)


if __name__ == "__main__":
    train()
