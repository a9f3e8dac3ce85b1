"""How fast the service answers: against MLflow's own server, and one that only echoes.

The same LightGBM model of the flights, one worker each, predictions on record. All three servers
are up all the time and are asked in turn, round by round; the figures are medians of the rounds.
Run it with ``python -m benchmarks.serving``.
"""

import statistics
import sys
from contextlib import ExitStack
from pathlib import Path

import click

from benchmarks import load
from benchmarks.flights import served_flights
from benchmarks.load import Load
from longhaul.deployment import payload, server

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


@click.command()
@click.option("--rounds", default=5, type=click.IntRange(min=1), help="Of each case.")
@click.option("--seconds", default=3.0, help="About how long each server is asked in a round.")
def main(rounds: int, seconds: float) -> None:
    """Print requests per second, their times, and the ratios."""
    with served_flights() as flights, ExitStack() as stack:
        record = flights.folder / "record"
        ports = {
            "stock": _port(stack.enter_context(server.stock(flights.model)).address),
            "echo": _port(stack.enter_context(_echo(flights.folder)).address),
            "longhaul": _port(stack.enter_context(server.own(flights.model, record)).address),
        }
        for rows, clients in CASES:
            body = payload.dumps(flights.rows.head(rows)).encode()
            click.echo(f"\n{rows} row{'s' * (rows > 1)} per request, {clients} at a time")
            _compare(ports, load.post(body), clients, rounds, seconds)


def _compare(
    ports: dict[str, int], request: bytes, clients: int, rounds: int, seconds: float
) -> None:
    """Ask all servers the same, in turn."""
    counts = {name: _count(port, request, clients, seconds) for name, port in ports.items()}
    found: dict[str, list[Load]] = {name: [] for name in ports}
    for _ in range(rounds):
        for name, port in ports.items():
            found[name].append(load.drive(port, request, counts[name], clients))
    for name, loads in found.items():
        if any(one.failures for one in loads):
            sys.exit(f"{name}: {loads[0].failures[:3]}")
        rate = statistics.median(one.per_second for one in loads)
        p50, p99 = (statistics.median(one.quantile(q) for one in loads) for q in (0.5, 0.99))
        click.echo(f"  {name:9} {rate:8,.0f}/s   median {p50:7.2f} ms   99% {p99:7.2f} ms")
    for other, unit in (("stock", "times"), ("echo", "of")):
        pairs = zip(found["longhaul"], found[other], strict=True)
        ratio = statistics.median(one.per_second / two.per_second for one, two in pairs)
        click.echo(f"  longhaul is {ratio:.2f} {unit} {other} (median of {rounds} pairs)")


def _count(port: int, request: bytes, clients: int, seconds: float) -> int:
    """As many requests as a server answers in that time, after some to warm up."""
    tried = load.drive(port, request, 16 * clients, clients)
    return max(clients, int(tried.per_second * seconds) // clients * clients)


def _echo(folder: Path) -> server.Running:
    (folder / "echo_app.py").write_text(ECHO)
    command = [sys.executable, "-m", "uvicorn", "echo_app:app", *SETTINGS]
    return server.run(command, folder)


def _port(address: str) -> int:
    return int(address.rpartition(":")[2])


if __name__ == "__main__":
    main()
