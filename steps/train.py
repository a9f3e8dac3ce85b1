"""Fit one family, with its default settings or given ones."""


from longhaul.data.split import Split
from longhaul.estimators import families
from longhaul.pipeline.parameters import Seed, Threads
from longhaul.pipeline.step import step
from longhaul.tracking import artifacts, candidates
from longhaul.training import candidate


@step
def train(split: str, family: str, settings: str, seed: Seed, threads: Threads) -> str:
    """Fit one family; log the model and its validation metrics."""
    windows = Split(artifacts.fetch(split))
    problem, own = windows.problem, windows.family_files
    families.family(family, own)
    rows, valid = windows.read("train"), windows.read("valid")
    chosen = candidates.read_settings(settings) if settings else {}
    fitted = candidate.fit(problem, rows, valid, family, chosen, seed, threads, own)
    return candidates.log(fitted, valid)


if __name__ == "__main__":
    train()
