"""Fit one family, with its default settings or given ones."""


from longhaul.data import problem_copy
from longhaul.data.split import Split
from longhaul.estimators import families
from longhaul.pipeline.parameters import Seed, Threads
from longhaul.pipeline.step import step
from longhaul.tracking import artifacts, candidates
from longhaul.training import candidate


@step
def train(split: str, family: str, settings: str, seed: Seed, threads: Threads) -> str:
    """Fit one family; log the model and its validation metrics."""
    folder = artifacts.fetch(split)
    problem = Split(folder).problem
    own = problem_copy.family_files(problem, folder)
    families.family(family, own)
    rows, valid = Split(folder).read("train"), Split(folder).read("valid")
    chosen = candidates.read_settings(settings) if settings else {}
    fitted = candidate.fit(problem, rows, valid, family, chosen, seed, threads, own)
    return candidates.log(fitted, valid)


if __name__ == "__main__":
    train()
