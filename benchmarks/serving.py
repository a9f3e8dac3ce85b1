"""How fast the service answers: against MLflow's own, MLServer, BentoML, and one that only echoes.

The same LightGBM model of the flights, one worker each, predictions on record in Longhaul's alone.
All servers are up all the time and are asked in turn, round by round; the figures are medians of
the rounds. MLServer and BentoML load the logged model with MLflow, and take the same JSON.
"""

import contextlib
import json
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import mlflow
import requests

from benchmarks import load, peers
from benchmarks.flights import Flights, served_flights
from benchmarks.load import Load
from benchmarks.rows import Row, markdown, met
from longhaul import process
from longhaul.errors import LonghaulError
from longhaul.model import payload
from longhaul.smoke_test import server
from longhaul.smoke_test.service import ServiceClient

ECHO = """
from fastapi import FastAPI, Request, Response

app = FastAPI()

@app.get("/ping")
async def ping():
    return Response()

@app.post("/invocations")
async def echo(request: Request):
    return Response(await request.body(), media_type="application/json")
"""
# As the service itself runs uvicorn.
SETTINGS = (
    *("--loop", "uvloop", "--http", "httptools", "--ws", "none", "--log-level", "warning"),
    *("--no-access-log", "--no-server-header", "--no-proxy-headers"),
)
CASES = [(1, 1), (1, 16), (100, 1), (100, 16)]  # rows in a request, clients
GOALS = {
    ("1 row a request, 1 client", "stock MLflow"): 15.0,
    ("1 row a request, 16 clients", "stock MLflow"): 25.0,
    ("100 rows a request, 1 client", "stock MLflow"): 10.0,
    ("100 rows a request, 16 clients", "stock MLflow"): 10.0,
    ("1 row a request, 1 client", "an echo"): 0.60,
    ("1 row a request, 16 clients", "an echo"): 0.60,
}
HOST = "127.0.0.1"
PROJECT = Path(__file__).resolve().parents[1]


BENTO = """
import bentoml, mlflow, pandas as pd

@bentoml.service(workers=1, logging={"access": {"enabled": False}})
class Flights:
    def __init__(self):
        self.model = mlflow.pyfunc.load_model(MODEL)

    @bentoml.api(route="/invocations")
    def predict(self, dataframe_split: dict) -> list:
        frame = pd.DataFrame(dataframe_split["data"], columns=dataframe_split["columns"])
        return self.model.predict(frame).to_dict("records")
"""
_NEEDED = ("numpy", "pandas", "pyarrow", "scipy", "scikit-learn", "lightgbm", "skops")


def measure(quick: bool) -> list[Row]:
    """Requests a second of each server, and the ratios."""
    rounds, seconds = (1, 1.0) if quick else (5, 2.0)
    rows: list[Row] = []
    with served_flights() as flights, ExitStack() as stack:
        ports = {"longhaul": _own(stack, flights)}
        missing = {}
        for name, start in (
            ("stock MLflow", _stock),
            ("MLServer", _mlserver),
            ("BentoML", _bentoml),
            ("an echo", _echo),
        ):
            try:
                ports[name] = start(stack, flights)
            except (RuntimeError, LonghaulError, subprocess.CalledProcessError) as error:
                missing[name] = str(error)
        for count, clients in CASES:
            body = payload.dumps(flights.rows.head(count)).encode()
            said = (
                f"{count} row{'s' * (count > 1)} a request, {clients} client{'s' * (clients > 1)}"
            )
            rows += _compare(said, ports, load.post(body), clients, rounds, seconds)
        rows += [
            Row(f"serving, {name}", "", f"not measured: {why}") for name, why in missing.items()
        ]
    return rows


def _compare(
    said: str, ports: dict[str, int], request: bytes, clients: int, rounds: int, seconds: float
) -> list[Row]:
    """Ask all servers the same, in turn."""
    counts = {name: _count(port, request, clients, seconds) for name, port in ports.items()}
    found: dict[str, list[Load]] = {name: [] for name in ports}
    for _ in range(rounds):
        for name, port in ports.items():
            found[name].append(load.drive(port, request, counts[name], clients))
    rows = []
    for name, loads in found.items():
        if any(one.failures for one in loads):
            raise RuntimeError(f"{name}: {loads[0].failures[:3]}")
        if name == "longhaul":
            continue
        pairs = zip(found["longhaul"], loads, strict=True)
        ratio = statistics.median(one.per_second / two.per_second for one, two in pairs)
        goal = GOALS.get((said, name))
        rows.append(
            Row(
                f"answers a second, {said}, against {name}",
                rate(found["longhaul"]),
                rate(loads),
                f"{ratio:.2f}",
                met(ratio, goal) if goal else "",
            )
        )
    return rows


def rate(loads: list[Load]) -> str:
    """Describe the median of several drives: answers a second, and how long one took."""
    per_second = statistics.median(one.per_second for one in loads)
    p50, p99 = (statistics.median(one.quantile(q) for one in loads) for q in (0.5, 0.99))
    return f"{per_second:,.0f} (median {p50:.1f}, 99% {p99:.1f} ms)"


def _count(port: int, request: bytes, clients: int, seconds: float) -> int:
    """As many requests as a server answers in that time, after some to warm up."""
    tried = load.drive(port, request, 16 * clients, clients)
    return max(clients, int(tried.per_second * seconds) // clients * clients)


def _own(stack: ExitStack, flights: Flights) -> int:
    return _port(
        stack.enter_context(server.serve_longhaul(flights.model, flights.folder / "record"))
    )


def _stock(stack: ExitStack, flights: Flights) -> int:
    return _port(stack.enter_context(server.serve_mlflow(flights.model)))


def _echo(stack: ExitStack, flights: Flights) -> int:
    (flights.folder / "echo_app.py").write_text(ECHO)

    def start(address: Sequence[str], log: Path) -> process.Server:
        command = [sys.executable, "-m", "uvicorn", "echo_app:app", *SETTINGS, *address]
        return process.start(command, flights.folder, log)

    return _port(stack.enter_context(server.run_server(start)))


def _mlserver(stack: ExitStack, flights: Flights) -> int:
    """One worker, gRPC and metrics aside, and MLflow's own route."""
    python = peers.python("mlserver", *_requirements())
    folder = flights.folder / "mlserver"
    folder.mkdir()
    model = mlflow.artifacts.download_artifacts(flights.model, dst_path=str(folder / "model"))
    settings = {
        "name": "flights",
        "implementation": "mlserver_mlflow.MLflowRuntime",
        "parameters": {"uri": model},
    }
    (folder / "model-settings.json").write_text(json.dumps(settings))
    port, other, third = (_free() for _ in range(3))
    host = {"host": HOST, "http_port": port, "grpc_port": other, "metrics_port": third}
    plain = {**host, "parallel_workers": 0, "debug": False, "logging_settings": None}
    (folder / "settings.json").write_text(json.dumps(plain))
    command = [str(python.parent / "mlserver"), "start", str(folder)]
    return _started(stack, command, folder, port, "/v2/health/ready")


def _bentoml(stack: ExitStack, flights: Flights) -> int:
    python = peers.python("bentoml", *_requirements())
    folder = flights.folder / "bentoml"
    folder.mkdir()
    model = mlflow.artifacts.download_artifacts(flights.model, dst_path=str(folder / "model"))
    (folder / "service.py").write_text(BENTO.replace("MODEL", repr(model)))
    port = _free()
    command = [str(python), "-m", "bentoml", "serve", "service:Flights"]
    more = ["--host", HOST, "--port", str(port)]
    return _started(stack, [*command, *more], folder, port, "/readyz")


def _requirements() -> list[str]:
    """What the model needs, in the versions that it was made with."""
    pins = (PROJECT / "requirements.txt").read_text().splitlines()
    wanted = {*_NEEDED, "mlflow", "threadpoolctl", "pydantic", "pyyaml"}
    return [pin for pin in pins if pin.partition("==")[0].lower() in wanted]


def _started(stack: ExitStack, command: list[str], folder: Path, port: int, ready: str) -> int:
    """A server that is there until the stack is left; its port."""
    log = folder / "log"
    running = process.start(command, folder, log)
    stack.callback(process.stop, running)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if running.poll() is not None:
            break
        with contextlib.suppress(OSError):
            if requests.get(f"http://{HOST}:{port}{ready}", timeout=5).ok:
                return port
        time.sleep(0.2)
    raise RuntimeError(f"does not answer: {process.last_line(log)}")


def _free() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


def _port(service: ServiceClient) -> int:
    return int(service.address.rpartition(":")[2])


if __name__ == "__main__":
    print(markdown(measure("--quick" in sys.argv)))
