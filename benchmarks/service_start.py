"""How soon a service answers: from its start to the first ``GET /ping``.

``python -m benchmarks.service_start [--rounds 5]``: a new Python, as ``serve`` and a container
start it; a fork of a server that has imported all, as ``deploy`` does within ``main``; and MLflow's
own ``mlflow models serve``, each in turn.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks.flights import Flights, served_flights
from benchmarks.rows import Row, markdown
from longhaul import fork_server, process
from longhaul.serving import workers
from longhaul.smoke_test import server

PROJECT = Path(__file__).resolve().parents[1]
NEW, FORKED, STOCK = "a new Python", "a fork", "mlflow models serve"


def measure(rounds: int) -> list[Row]:
    """Start each in turn; a row for each way of ours, against MLflow's."""
    seconds: dict[str, list[float]] = {NEW: [], FORKED: [], STOCK: []}
    with served_flights() as flights:
        fork_server.warm_up([workers.APP, "longhaul.serving.supervisor"])
        for turn in range(rounds):
            record = flights.folder / f"record-{turn}"
            new = partial(_start, process.start_module, flights, record / "new")
            forked = partial(_start, process.fork_module, flights, record / "forked")
            for name, context in (
                (NEW, server.run_server(new)),
                (FORKED, server.run_server(forked)),
                (STOCK, server.serve_mlflow(flights.model)),
            ):
                began = time.perf_counter()
                with context:
                    seconds[name].append(time.perf_counter() - began)
    return [
        Row(
            f"from the start to the first answer, {name}, against {STOCK}",
            f"{statistics.median(seconds[name]):.1f} s",
            f"{statistics.median(seconds[STOCK]):.1f} s",
            f"{statistics.median(map(_ratio, seconds[name], seconds[STOCK])):.2f}",
        )
        for name in (NEW, FORKED)
    ]


def _ratio(ours: float, other: float) -> float:
    return ours / other


def _start(
    begin: Callable[[str, Sequence[str], Path, Path], process.Server],
    flights: Flights,
    record: Path,
    address: Sequence[str],
    log: Path,
) -> process.Server:
    settings = json.dumps({"model": flights.model, "record": str(record)})
    return begin("longhaul.serving", [settings, *address], PROJECT, log)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    print(markdown(measure(parser.parse_args().rounds)))
