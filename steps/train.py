"""Fit one family, with its default settings or given ones."""

from longhaul.data.split import Split
from longhaul.estimators import families
from longhaul.pipeline.parameters import Seed, Threads
from longhaul.pipeline.step import step
from longhaul.tracking import artifacts, candidates
from longhaul.training import candidate


@step
def train(
    split: str, family: str, settings: str, seed: Seed, threads: Threads, cross_fit: bool
) -> str:
    """Fit one family; log the model and its validation metrics."""
    windows = Split(artifacts.fetch(split))
    problem, custom_families = windows.problem, windows.family_files
    families.family(family, custom_families)  # an unknown one is refused before rows are read
    train_rows, valid_rows = windows.read("train"), windows.read("valid")
    chosen = candidates.read_settings(settings) if settings else {}
    fitted = candidate.fit(
        problem, train_rows, valid_rows, family, chosen, seed, threads, custom_families, cross_fit
    )
    return candidates.log(fitted, valid_rows)


if __name__ == "__main__":
    train()
