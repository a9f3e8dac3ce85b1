"""A search of LightGBM's settings on the flights: against hyperopt, Optuna and FLAML.

January to April fit, May validates, two processors each. Plain hyperopt is `fmin` with TPE over
the same space, a Dataset of its own for each trial, early stopping, two threads: 25 trials. Then
each other gets as much time as that took. Optuna has its TPE sampler with the median pruner on
LightGBM's iterations, FLAML its own search for LightGBM. Every side sees the same encoded rows and
says when its best loss so far got better.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import lightgbm
import numpy as np
from hyperopt import Trials, fmin, tpe

from benchmarks import peers
from benchmarks.flights import PROBLEM, flights_table
from benchmarks.rows import Row, met
from longhaul import problem_yaml
from longhaul.data import periods
from longhaul.estimators import families
from longhaul.estimators.families import lightgbm as family
from longhaul.tasks import binary
from longhaul.training import candidate
from longhaul.training.candidate import EncodedWindows
from longhaul.training.objective import validation_objective
from longhaul.training.search import MAX_PENDING, Search

TRIALS, FEW = 25, 12  # of plain hyperopt, in full and in quick mode
CORES = 2
_COMMON = """
import json, sys, time, warnings
warnings.filterwarnings("ignore")
import numpy as np
data = np.load(sys.argv[1])
seconds, seed, names = float(sys.argv[2]), int(sys.argv[3]), json.loads(sys.argv[4])
curve = []
def say(loss):
    if not curve or loss < curve[-1][1]:
        curve.append((time.perf_counter() - began, float(loss)))
"""
_OPTUNA = (
    _COMMON
    + """
import lightgbm, optuna
from optuna_integration import LightGBMPruningCallback
optuna.logging.set_verbosity(optuna.logging.ERROR)
def objective(trial):
    settings = {
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.2, log=True),
        "num_leaves": trial.suggest_int("num_leaves", 7, 127, log=True),
        "min_child_samples": trial.suggest_int("min_child_samples", 10, 1000, log=True),
        "subsample": trial.suggest_float("subsample", 0.5, 1.0), "subsample_freq": 1,
        "colsample_bytree": trial.suggest_float("colsample_bytree", 0.2, 1.0),
        "reg_lambda": trial.suggest_float("reg_lambda", 1e-3, 100, log=True),
        "objective": "binary", "metric": "binary_logloss", "verbose": -1, "num_threads": 2,
        "seed": 0, "deterministic": True, "force_row_wise": True,
    }
    known = lightgbm.Dataset(data["train"], data["outcome"], categorical_feature=names)
    watched = known.create_valid(data["valid"], data["truth"])
    stop = lightgbm.early_stopping(40, verbose=False)
    prune = LightGBMPruningCallback(trial, "binary_logloss", valid_name="valid_0")
    booster = lightgbm.train(settings, known, 1000, [watched], callbacks=[stop, prune])
    loss = booster.best_score["valid_0"]["binary_logloss"]
    say(loss)
    return loss
sampler = optuna.samplers.TPESampler(seed=seed)
study = optuna.create_study(sampler=sampler, pruner=optuna.pruners.MedianPruner())
began = time.perf_counter()
study.optimize(objective, timeout=seconds)
print(json.dumps(curve))
"""
)
_FLAML = (
    _COMMON
    + """
from flaml import AutoML
from sklearn.metrics import log_loss
def metric(X_val, y_val, estimator, labels, X_train, y_train, *args, **kwargs):
    loss = log_loss(y_val, estimator.predict_proba(X_val), labels=labels)
    say(loss)
    return loss, {}
automl = AutoML()
began = time.perf_counter()
automl.fit(data["train"], data["outcome"].astype(int), X_val=data["valid"],
           y_val=data["truth"].astype(int), task="classification", metric=metric,
           estimator_list=["lgbm"], time_budget=seconds, n_jobs=2, seed=seed, verbose=0,
           eval_method="holdout", retrain_full=False)
print(json.dumps(curve))
"""
)

Curve = list[tuple[float, float]]  # seconds, and the lowest loss from then on


def measure(quick: bool) -> list[Row]:
    """Time to plain hyperopt's loss, and the losses at equal time."""
    prepared = _prepared()
    seeds, trials = range(1 if quick else 3), FEW if quick else TRIALS
    found: dict[str, list[Curve]] = {name: [] for name in ("longhaul", "optuna", "flaml")}
    plain: list[tuple[float, Curve]] = []
    missing = {}
    with tempfile.TemporaryDirectory(prefix="longhaul-") as folder:
        data = Path(folder) / "flights.npz"
        _save(prepared, data)
        for seed in seeds:
            plain.append(_hyperopt(prepared, seed, trials))
            seconds = plain[-1][0]
            found["longhaul"].append(_longhaul(prepared, seed, seconds))
            for name, script in (("optuna", _OPTUNA), ("flaml", _FLAML)):
                try:
                    found[name].append(_peer(name, script, data, seed, seconds, prepared))
                except (RuntimeError, subprocess.CalledProcessError) as error:
                    missing[name] = str(error)
            _say(seed, plain[-1], {name: curves[-1:] for name, curves in found.items()})
    return _rows(trials, plain, found, missing)


def _rows(
    trials: int,
    plain: list[tuple[float, Curve]],
    found: dict[str, list[Curve]],
    missing: dict[str, str],
) -> list[Row]:
    times, first = [], []
    for (seconds, curve), ours in zip(plain, found["longhaul"], strict=True):
        target = curve[-1][1]
        reached = next((at for at, loss in ours if loss <= target), np.inf)
        times.append(reached / seconds)
        first.append(curve[-1][0])
    share = statistics.median(times)
    took = statistics.median(seconds for seconds, _ in plain)
    count = f"median of {len(plain)} seeds" if plain[1:] else "one seed"
    said = f"{share * took:.1f} s" if np.isfinite(share) else "not within the same time"
    ratio = f"{share:.2f}" if np.isfinite(share) else "> 1"
    every = ", ".join(f"{one:.2f}" if np.isfinite(one) else "> 1" for one in times)
    rows = [
        Row(
            f"time to the loss that plain hyperopt finds in {trials} trials ({count})",
            said,
            f"{took:.1f} s (found after {statistics.median(first):.1f} s)",
            f"{ratio} (by seed: {every})",
            met(share, 1 / 3, most=True).replace("0.333333", "1/3"),
        )
    ]
    mine = statistics.median(curve[-1][1] for curve in found["longhaul"])
    others = {"hyperopt": [curve for _, curve in plain], **found}
    del others["longhaul"]
    for name, curves in others.items():
        if name in missing:
            rows.append(Row(f"loss at equal time, {name}", "", f"not measured: {missing[name]}"))
            continue
        yours = statistics.median(curve[-1][1] for curve in curves)
        apart = mine - yours
        rows.append(
            Row(
                f"validation log loss after the same {took:.0f} s, {_named(name)} ({count})",
                f"{mine:.5f}",
                f"{yours:.5f}",
                f"{apart:+.5f}",
                f"not behind: {'met' if apart <= 0 else '**missed**'}",
            )
        )
    return rows


def _named(name: str) -> str:
    from importlib.metadata import version

    return f"{name} {version(name) if name == 'hyperopt' else peers.version(name)}"


def _say(seed: int, plain: tuple[float, Curve], found: dict[str, list[Curve]]) -> None:
    said = {name: round(curves[0][-1][1], 5) for name, curves in found.items() if curves}
    print(f"seed {seed}: {plain[0]:.1f} s, hyperopt {plain[1][-1][1]:.5f}, {said}", flush=True)


def _prepared() -> EncodedWindows:
    problem, frame = problem_yaml.load(PROBLEM), flights_table()
    month = periods.of(frame, problem)
    train, valid = (
        frame[month.between(*window)].reset_index(drop=True)
        for window in (problem.windows.train, problem.windows.valid)
    )
    return candidate.encode_windows(problem, train, valid)


def _save(prepared: EncodedWindows, path: Path) -> None:
    np.savez(
        path,
        train=prepared.train.matrix,
        outcome=prepared.train.outcome,
        valid=prepared.valid.matrix,
        truth=prepared.valid.outcome,
    )


def _hyperopt(prepared: EncodedWindows, seed: int, trials: int) -> tuple[float, Curve]:
    """As its users write it; the time of all trials, and the curve."""
    curve: Curve = []
    train, valid = prepared.train, prepared.valid

    def objective(settings: dict[str, float]) -> float:
        params = family._params({**family.defaults, **settings}, 0, CORES, train)
        params.pop("feature_pre_filter")
        known = lightgbm.Dataset(
            train.matrix, train.outcome, categorical_feature=prepared.encoder.categorical
        )
        watched = known.create_valid(valid.matrix, valid.outcome)
        stop = lightgbm.early_stopping(40, verbose=False)
        booster = lightgbm.train(params, known, 1000, [watched], callbacks=[stop])
        loss = float(booster.best_score["valid_0"]["binary_logloss"])
        if not curve or loss < curve[-1][1]:
            curve.append((time.perf_counter() - began, loss))
        return loss

    began = time.perf_counter()
    fmin(
        objective,
        family.space(),
        tpe.suggest,
        trials,
        trials=Trials(),
        rstate=np.random.default_rng(seed),
        verbose=False,
        show_progressbar=False,
    )
    return time.perf_counter() - began, curve


def _longhaul(prepared: EncodedWindows, seed: int, seconds: float) -> Curve:
    """As the tune step does, its recording aside."""
    began, wall = time.perf_counter(), time.time()
    chosen = families.FAMILIES[family.name]
    track = families.share_dataset(chosen, prepared.encoder, prepared.train, prepared.valid, 0)
    judge = validation_objective(binary, chosen, prepared, 0, 1, track)
    space = family.space()
    first = {name: family.defaults[name] for name in space}
    left = seconds - (time.perf_counter() - began)
    search = Search(space, first, 10_000, left / 60, seed, MAX_PENDING, CORES)
    curve: Curve = []
    for trial in sorted(search.run(judge), key=lambda one: one.started + one.seconds):
        ended = trial.started + trial.seconds - wall
        if ended <= seconds and (not curve or trial.loss < curve[-1][1]):
            curve.append((ended, trial.loss))
    return curve


def _peer(
    name: str, script: str, data: Path, seed: int, seconds: float, prepared: EncodedWindows
) -> Curve:
    """The curve of a peer, in a process of its own; what it needs to start does not count."""
    names = json.dumps(list(prepared.encoder.categorical))
    command = [str(peers.python(name)), "-c", script, str(data), str(seconds), str(seed), names]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    curve: Curve = json.loads(done.stdout.strip().splitlines()[-1])
    return [point for point in curve if point[0] <= seconds]


if __name__ == "__main__":
    from benchmarks.rows import markdown

    print(markdown(measure("--quick" in sys.argv)))
