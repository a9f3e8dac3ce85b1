"""The tuned result against FLAML's, given the same time on the same rows.

``python -m benchmarks.flaml [seconds]``, FLAML in an environment of its own. Of each binary table,
five folds: on the other four, both search for so many seconds and fit; the fold that is left tells
their log loss and AUC. Longhaul's side is what ``main`` does: all families with their defaults, the
best searched, refitted on everything, within the time; FLAML's is ``AutoML.fit`` with its own
learners, for log loss, on the same encoded columns.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold

from benchmarks import tables
from longhaul.data import column_inference
from longhaul.estimators import families
from longhaul.features.encoder import Encoder
from longhaul.problem import Batches, Problem, Target, Windows
from longhaul.scaffold import columns
from longhaul.scaffold import target as targets
from longhaul.tasks import binary
from longhaul.training.candidate import EncodedWindows, encode
from longhaul.training.objective import validation_objective
from longhaul.training.search import MAX_PENDING, Search, SearchContext
from longhaul.training.trials import best

FOLDS = 5
PEER = ("flaml[automl]==2.7.0", "scikit-learn<1.8", "pandas<3", "numpy<2.4", "pyarrow")
_TABLES = (("germancredit", "creditability"), ("OJ", "Purchase"), ("Default", "default"))
_WINDOWS = Windows(("a", "a"), ("b", "b"), ("c", "c"), ("d",))
_SCRIPT = """
import json, sys, numpy as np
from flaml import AutoML
folder, seconds = sys.argv[1], float(sys.argv[2])
data = np.load(folder + "/fold.npz")
automl = AutoML()
automl.fit(data["train"], data["outcome"].astype(int), task="classification", metric="log_loss",
           time_budget=seconds, n_jobs=2, verbose=0, seed=0, retrain_full=True)
np.save(folder + "/said.npy", automl.predict_proba(data["test"])[:, 1])
"""


def main() -> None:
    """Print a line for each table: both log losses, and the difference with its standard error."""
    seconds = float(sys.argv[1]) if sys.argv[1:] else 20.0
    with tempfile.TemporaryDirectory(prefix="longhaul-") as temporary:
        folder = Path(temporary)
        tables.fetch(folder)
        load_breast_cancer(as_frame=True).frame.to_csv(folder / "breast_cancer.csv", index=False)
        peer = _peer(folder)
        print(f"{seconds:.0f} s for each side, {FOLDS} folds, {os.cpu_count()} processors")
        print("| table | log loss | FLAML | difference | AUC | FLAML |")
        print("| --- | --- | --- | --- | --- | --- |")
        for name, target in (("breast_cancer", "target"), *_TABLES):
            _compare(folder, name, target, seconds, peer)


def _compare(folder: Path, name: str, target: str, seconds: float, peer: str) -> None:
    frame, problem = _read(folder / f"{name}.csv", target)
    positive = problem.target.positive
    known = frame[target].astype(str).to_numpy() == positive
    rows = []
    for fit, test in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(frame, known):
        ours = _ours(problem, frame.iloc[fit], frame.iloc[test], seconds)
        theirs = _theirs(problem, frame.iloc[fit], frame.iloc[test], folder, seconds, peer)
        truth = known[test]
        losses = log_loss(truth, ours), log_loss(truth, theirs)
        rows.append([*losses, roc_auc_score(truth, ours), roc_auc_score(truth, theirs)])
    found = np.array(rows)
    apart = found[:, 0] - found[:, 1]
    means, error = found.mean(axis=0), stats.sem(apart)
    print(
        f"| {name} | {means[0]:.4f} | {means[1]:.4f} | {apart.mean():+.4f} ± {error:.4f} |"
        f" {means[2]:.4f} | {means[3]:.4f} |",
        flush=True,
    )


def _read(path: Path, target: str) -> tuple[pd.DataFrame, Problem]:
    raw = pd.read_csv(path, dtype=str, keep_default_na=False)
    forms = column_inference.infer_all({name: raw[name] for name in raw.columns}, comma=False)
    found = targets.infer(raw[target], forms[target])
    frame = {target: found.column.astype("str")}
    for name in raw.columns.drop(target):
        looked, values = columns.infer(raw[name], forms[name])
        if looked.use == "feature":
            frame[name] = values
    told = Target(target, positive=found.target.positive)
    problem = Problem("t", "t", told, _WINDOWS, batches=Batches(3))
    return pd.DataFrame(frame), problem


def _ours(problem: Problem, fit: pd.DataFrame, test: pd.DataFrame, seconds: float) -> np.ndarray:
    """Default families first, then a search of the best, then a fit of all rows."""
    began = time.perf_counter()
    valid = np.random.default_rng(0).random(len(fit)) < 0.25
    encoder = Encoder.fit(fit[~valid], problem.features(fit.columns))
    halves = [encode(encoder, problem, part) for part in (fit[~valid], fit[valid])]
    prepared = EncodedWindows(encoder, *halves)
    tried: dict[str, float] = {}
    for name, family in families.FAMILIES.items():
        judge = validation_objective(binary, family, prepared, 0, 2)
        tried[name] = judge(dict(family.defaults), SearchContext())["valid_loss"]
    family = families.FAMILIES[min(tried, key=lambda name: tried[name])]
    track = families.share_dataset(family, encoder, prepared.train, prepared.valid, 0)
    max_pending = MAX_PENDING if track else 1
    judge = validation_objective(binary, family, prepared, 0, 1 if track else 2, track)
    space = family.space()
    left = 0.9 * seconds - (time.perf_counter() - began)
    first = {name: family.defaults[name] for name in space}
    search = Search(space, first, 10_000, max(left, 0.1) / 60, 0, max_pending, max_pending)
    found = best(list(search.run(judge)))
    chosen = {**family.defaults, **found.settings}
    if "iterations" in found.metrics:
        chosen["iterations"] = found.metrics["iterations"]
    whole = Encoder.fit(fit, problem.features(fit.columns))
    model = family.fit(chosen, whole, encode(whole, problem, fit), None, 0, 2)
    return model.scores(whole.transform(test))


def _theirs(
    problem: Problem,
    fit: pd.DataFrame,
    test: pd.DataFrame,
    folder: Path,
    seconds: float,
    peer: str,
) -> np.ndarray:
    encoder = Encoder.fit(fit, problem.features(fit.columns))
    sample = encode(encoder, problem, fit)
    np.savez(
        folder / "fold.npz",
        train=sample.matrix,
        outcome=sample.outcome,
        test=encoder.transform(test),
    )
    command = [peer, "-W", "ignore", "-c", _SCRIPT, str(folder), str(seconds)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    found: Any = np.load(folder / "said.npy")
    return np.asarray(found)


def _peer(folder: Path) -> str:
    """The Python of an environment with FLAML."""
    environment = folder / "peer"
    subprocess.run(["uv", "venv", "-q", str(environment), "--python", "3.11"], check=True)
    python = str(environment / "bin" / "python")
    subprocess.run(["uv", "pip", "install", "-q", "-p", python, *PEER], check=True)
    return python


if __name__ == "__main__":
    main()
