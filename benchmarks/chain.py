"""What chaining costs: the steps of a life cycle in one process, warm, and by stock `mlflow.run`.

The same steps of the flights, one after the other, three times: as functions in one process, which
is the limit; as `main` runs them, each in a warm child; and each by MLflow's own local backend. In
the one process it is also measured how long it takes to import the steps, and how long their calls
to MLflow take: that is none of data, learning, scoring and statistics either.
"""

import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

import mlflow

from benchmarks.rows import Row, markdown, met
from longhaul.pipeline import project, warm_backend

PROJECT = Path(__file__).resolve().parents[1]
FAMILIES = ("linear", "histogram", "lightgbm", "forest")
PERIODS = ("2013-07", "2013-08", "2013-09", "2013-10", "2013-11", "2013-12")

Start = Callable[[str, dict[str, str]], str]  # an entry point and its parameters: its run


def measure(quick: bool) -> list[Row]:
    """The share of the wall time that is the chain's, and the same for the stock backend."""
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    os.environ["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    how: dict[str, Any] = {
        "families": FAMILIES[2:3] if quick else FAMILIES,
        "periods": PERIODS[:1] if quick else PERIODS,
        "trials": 5 if quick else 25,
    }
    rounds = 1 if quick else 2
    pairs = [(_apart("process", how), _apart(warm_backend.NAME, how)) for _ in range(rounds)]
    count = 8 + len(how["families"]) + 2 * len(how["periods"])
    return _rows(count, pairs, _apart("local", how)[0])


def _rows(
    count: int, pairs: list[tuple[tuple[float, float], tuple[float, float]]], stock: float
) -> list[Row]:
    """What the rounds say: each in one process, with the seconds of overhead, and warm."""
    alone, calls, warmed = (
        statistics.median(figures)
        for figures in zip(*((*one, other[0]) for one, other in pairs), strict=True)
    )
    shares = [(other[0] - one[0] + one[1]) / other[0] for one, other in pairs]
    share, theirs = statistics.median(shares), (stock - alone + calls) / stock
    rounds = ", ".join(f"{one:.1%}" for one in shares)
    return [
        Row(
            f"{count} steps of the flights, wall time; stock `mlflow.run` {mlflow.__version__}",
            f"{warmed:.0f} s",
            f"{stock:.0f} s",
            f"{stock / warmed:.2f}",
        ),
        Row(
            "the same functions in one process: the limit",
            f"{warmed:.0f} s",
            f"{alone:.0f} s, of which {calls:.1f} s for imports and MLflow",
            f"{alone / warmed:.2f}",
        ),
        Row(
            "share of the wall time that is not data, learning, scoring or statistics",
            f"{share:.1%} (by round: {rounds})",
            f"{theirs:.1%}",
            "",
            met(share, 0.15, most=True),
        ),
    ]


def _apart(backend: str, how: dict[str, Any]) -> tuple[float, float]:
    """The chain in a process of its own, with an empty store: seconds in all, and of overhead."""
    with tempfile.TemporaryDirectory(prefix="longhaul-") as folder:
        environment = {
            **os.environ,
            "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
            "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        }
        script = (
            f"from benchmarks import chain; print(*chain.chained({backend!r}, {how!r}, {folder!r}))"
        )
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", script],
            cwd=PROJECT,
            env=environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"{backend}: {(done.stdout + done.stderr).strip()[-300:]}")
        found = done.stdout.strip().splitlines()[-1]
        print(f"{backend}: {found}", flush=True)
        wall, calls = map(float, found.split())
        return wall, calls


def chained(backend: str, how: dict[str, Any], folder: str) -> tuple[float, float]:
    """Run the chain on one of the backends."""
    mlflow.create_experiment("chain", artifact_location=f"file://{folder}/artifacts")
    mlflow.set_experiment("chain")
    os.environ["MLFLOW_EXPERIMENT_NAME"] = "chain"
    began = time.perf_counter()
    if backend == "process":
        with _clocked() as spent:
            _chain(lambda name, given: _in_process(name, given, spent), how)
        return time.perf_counter() - began, spent[0]
    if backend == warm_backend.NAME:
        warm_backend.register(PROJECT)
    _chain(lambda name, given: _by_mlflow(backend, name, given), how)
    return time.perf_counter() - began, 0.0


def _chain(start: Start, how: dict[str, Any]) -> None:
    """The steps of `main`, without what it decides between them."""
    ingested = start("ingest", {"problem": "flights", "engine": "local"})
    raw = {"table": f"runs:/{ingested}/table", "engine": "local"}
    table = f"runs:/{start('validate', raw)}/table"
    split = f"runs:/{start('split', {'table': table, 'until': '', 'window': 'expanding'})}/split"
    fit = {"split": split, "seed": "0", "threads": "0"}
    for family in how["families"]:
        start("train", {**fit, "family": family, "settings": "", "cross_fit": "false"})
    search = {"trials": str(how["trials"]), "minutes": "10", "resume": "false", "engine": "local"}
    candidate = f"runs:/{start('tune', {**fit, **search, 'family': 'lightgbm'})}/model"
    judge = {"candidate": candidate, "split": split, "champion": "", "seed": "0"}
    judged = start("evaluate", judge)
    verdict = f"runs:/{judged}/verdict.json"
    start("register", {"candidate": candidate, "verdict": verdict})
    model = "models:/flights/1"
    crown = {"model": model, "reason": "measured", "evidence": judged, "expected_champion": "any"}
    start("promote", crown)
    start("deploy", {"model": model, "split": split, "requests": "50", "compare_mlflow": "false"})
    for period in how["periods"]:
        common = {"model": model, "table": table, "period": period, "engine": "local"}
        scored = start("score", common)
        watch = {"predictions": f"runs:/{scored}/predictions", "fail_on": "never"}
        start("monitor", {**common, **watch})


def _in_process(name: str, given: dict[str, str], spent: list[float]) -> str:
    began = time.perf_counter()
    command = getattr(import_module(f"steps.{name}"), name)
    spent[0] += time.perf_counter() - began
    command.main([f"--{key}={value}" for key, value in {**_defaults(name), **given}.items()])
    return str(mlflow.last_active_run().info.run_id)


def _defaults(name: str) -> dict[str, str]:
    """Parameters of an entry point, as `mlflow run` completes them."""
    declared = project.entry_points((PROJECT / "MLproject").read_text(encoding="utf-8"))
    return {
        parameter.name: parameter.default.strip('"')
        for parameter in declared[name].parameters
        if parameter.default is not None
    }


def _by_mlflow(backend: str, name: str, given: dict[str, str]) -> str:
    run = mlflow.run(
        str(PROJECT),
        name,
        parameters=given,
        backend=backend,
        env_manager="local",
        synchronous=backend == "local",
    )
    if not run.wait():
        raise RuntimeError(f"{name} failed on the {backend} backend")
    return str(run.run_id)


@contextmanager
def _clocked() -> Iterator[list[float]]:
    """Seconds within MLflow's calls, the outermost of each."""
    spent, inside = [0.0], [False]

    def clocked(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            if inside[0]:
                return function(*args, **kwargs)
            inside[0], began = True, time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                inside[0] = False
                spent[0] += time.perf_counter() - began

        return timed

    client = mlflow.MlflowClient
    names = [
        name for name in vars(client) if not name.startswith("_") and callable(vars(client)[name])
    ]
    places = [
        *((client, name) for name in names),
        (mlflow.pyfunc, "log_model"),
        (mlflow.artifacts, "download_artifacts"),
    ]
    kept = [(place, name, getattr(place, name)) for place, name in places]
    for place, name, function in kept:
        setattr(place, name, clocked(function))
    try:
        yield spent
    finally:
        for place, name, function in kept:
            setattr(place, name, function)


if __name__ == "__main__":
    print(markdown(measure("--quick" in sys.argv)))
