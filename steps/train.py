"""Fit one family, with its default settings or given ones."""

import click

from longhaul.data import split as splits
from longhaul.errors import LonghaulError
from longhaul.learning import candidate, families
from longhaul.tracking import artifacts, candidates
from longhaul.workflow.stage import stage


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
    families.family(family)
    folder = artifacts.fetch(split)
    rows, valid = splits.read(folder, "train"), splits.read(folder, "valid")
    problem = splits.problem(folder)
    fitted = candidate.fit(problem, rows, valid, family, _read(settings), seed, threads)
    return candidates.log(fitted, valid)


def _read(settings: str) -> dict[str, float]:
    """The settings of an earlier run; how many iterations to make is found anew."""
    if not settings:
        return {}
    found = artifacts.read_json(settings)
    if not isinstance(found, dict):
        raise LonghaulError(f"{settings}: not settings; give the settings.json of train or tune")
    return {name: value for name, value in found.items() if name != "iterations"}


if __name__ == "__main__":
    train()
