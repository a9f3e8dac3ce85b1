"""What watching costs a service: answers with watch, shipping and shadow beside it, and without.

``python -m benchmarks.live_load [--rounds 7]``: `main` makes a champion of the flights, and a
challenger is registered. Then two services answer in turn, on the same machine: one alone, and one
that ships its log to a folder, predicts everything by the challenger, too, and whose log a `watch`
looks at each second. Between two turns, what was put off is waited for, and its time is printed.
"""

import argparse
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import mlflow
import requests
from prometheus_client.parser import text_string_to_metric_families

from benchmarks import live_year, load, serving
from benchmarks.flights import flights_table
from benchmarks.load import Load
from benchmarks.rows import Row, markdown, met
from longhaul.model import payload
from longhaul.registry import promotion
from longhaul.registry.model_uri import resolve_model
from longhaul.smoke_test import server
from longhaul.smoke_test.service import ServiceClient

CASES = ((1, 1), (1, 16), (100, 4))  # rows of a request, clients
SECONDS, PATIENCE_SECONDS, LEAST = 4.0, 300.0, 0.95
COMPACT_SECONDS = 5.0
SETTLED = ("longhaul_record_lag_seconds", "longhaul_unshipped_files")


def measure(home: Path, rounds: int) -> list[Row]:
    """Drive both services in turn; a row for each case."""
    declared = (live_year.PROJECT / "problems" / "flights.yaml").read_text()
    (home / "flights.yaml").write_text(declared + live_year.LIVE)
    (home / "arrivals").mkdir()
    problem = {"problem": "flights.yaml", "families": "lightgbm", "trials": 3}
    if live_year.run(home, "main", **problem).wait():
        raise RuntimeError((home / "main.log").read_text())
    live_year.use(home)
    champion = resolve_model(f"models:/{live_year.MODEL}@champion")
    challenger = _challenger(home)
    rows = flights_table()
    rows = rows[rows[live_year.TIME] >= "2013-07-01"].drop(columns=[live_year.TARGET, "tailnum"])
    with ExitStack() as stack:
        alone = stack.enter_context(
            server.serve_longhaul(champion.uri, home / "alone", compact_seconds=COMPACT_SECONDS)
        )
        beside = stack.enter_context(
            server.serve_longhaul(
                champion.uri,
                home / "record",
                compact_seconds=COMPACT_SECONDS,
                ship=f"file://{home}/shipped",
                shadow=challenger,
            )
        )
        watch = live_year.run(home, "watch", problem="flights.yaml", port=0, poll_seconds=1)
        stack.callback(watch.terminate)
        services = {"alone": alone, "beside": beside}
        measured = []
        for count, clients in CASES:
            keyed = rows.head(count).assign(**{live_year.KEY: range(count)})
            request = load.post(payload.dumps(keyed).encode())
            measured.append(_compare(services, request, count, clients, rounds))
        if watch.poll() is not None:
            raise RuntimeError((home / "watch.log").read_text())
    return measured


def _challenger(home: Path) -> str:
    """Train and register another model of the flights; return its alias."""
    (split,) = mlflow.search_runs(
        filter_string="tags.mlflow.project.entryPoint = 'split'",
        search_all_experiments=True,
        output_format="list",
    )
    given = {"split": f"runs:/{split.info.run_id}/split", "family": "lightgbm", "seed": 1}
    if live_year.run(home, "train", **given).wait():
        raise RuntimeError((home / "train.log").read_text())
    trained, *_ = mlflow.search_runs(
        filter_string="tags.mlflow.project.entryPoint = 'train'",
        order_by=["attributes.start_time DESC"],
        search_all_experiments=True,
        output_format="list",
    )
    number = promotion.register(live_year.MODEL, f"runs:/{trained.info.run_id}/model", {}, "")
    mlflow.MlflowClient().set_registered_model_alias(live_year.MODEL, "challenger", number)
    return "challenger"


def _compare(
    services: Mapping[str, ServiceClient], request: bytes, count: int, clients: int, rounds: int
) -> Row:
    ports = {name: int(service.address.rpartition(":")[2]) for name, service in services.items()}
    tried = load.drive(ports["alone"], request, 64 * clients, clients)
    requests_each = max(clients, int(tried.per_second * SECONDS) // clients * clients)
    loads: dict[str, list[Load]] = {name: [] for name in services}
    late = []
    for turn in range(2 * rounds):
        name = ("alone", "beside")[(turn + turn // 2) % 2]  # each first as often
        driven = load.drive(ports[name], request, requests_each, clients)
        if driven.failures:
            raise RuntimeError(f"{name}: {driven.failures[:3]}")
        loads[name].append(driven)
        if name == "beside":
            late.append(_catch_up(services[name]))
    pairs = list(zip(loads["beside"], loads["alone"], strict=True))
    rate = statistics.median(one.per_second / other.per_second for one, other in pairs)
    tail = statistics.median(one.quantile(0.99) / other.quantile(0.99) for one, other in pairs)
    asked = f"{count} row{'s' * (count > 1)} a request, {clients} client{'s' * (clients > 1)}"
    return Row(
        f"answers a second, {asked}, with watch, shipping and shadow, against without",
        serving.rate(loads["beside"]),
        serving.rate(loads["alone"]),
        f"{rate:.2f}; 99%: {tail:.2f}; caught up {statistics.median(late):.1f} s later",
        met(rate, LEAST),
    )


def _catch_up(service: ServiceClient) -> float:
    """Wait until nothing is put off any more; return how long that took, in seconds."""
    began = time.perf_counter()
    while time.perf_counter() - began < PATIENCE_SECONDS:
        figures = _figures(service)
        shadowed = figures["longhaul_shadow_rows_total"] + figures["longhaul_shadow_failures_total"]
        if shadowed >= figures["longhaul_rows_total"] and not any(map(figures.get, SETTLED)):
            return time.perf_counter() - began
        time.sleep(0.1)
    raise TimeoutError(f"not caught up after {PATIENCE_SECONDS:.0f} s: {figures}")


def _figures(service: ServiceClient) -> dict[str, float]:
    """Return the figures of /metrics, added up over their labels."""
    text = requests.get(f"{service.address}/metrics", timeout=30).text
    figures: dict[str, float] = defaultdict(float)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            figures[sample.name] += sample.value
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    with tempfile.TemporaryDirectory(prefix="longhaul-") as temporary:
        print(markdown(measure(Path(temporary), parser.parse_args().rounds)))
