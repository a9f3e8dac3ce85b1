"""Whether the service's memory stays flat: half an hour of requests in one run, counted, not timed.

180,000 requests are 100 in a second for 30 minutes. Most have one row, some a hundred, some are
refused; predictions are on record and become Parquet meanwhile. Run it with
``python -m benchmarks.serving_memory``.
"""

import time

import click
import numpy as np
import psutil

from benchmarks import load
from benchmarks.flights import served_flights
from longhaul.model import payload
from longhaul.smoke_test import server

CLIENTS = 16
LOOKS = 20
MEGABYTE = 2**20


@click.command()
@click.option("--requests", default=180_000, type=click.IntRange(min=LOOKS * CLIENTS * 10))
def main(requests: int) -> None:
    """Print the memory of the service's processes as the requests go by."""
    with served_flights() as flights:
        one, many = (payload.dumps(flights.rows.head(n)).encode() for n in (1, 100))
        record = flights.folder / "record"
        with server.serve_longhaul(flights.model, record, compact_seconds=5.0) as service:
            port = int(service.address.rpartition(":")[2])
            click.echo("requests   supervisor     worker   (resident MB)")
            found = []
            began = time.perf_counter()
            for look in range(1, LOOKS + 1):
                step = requests // LOOKS
                load.drive(port, load.post(one), step * 17 // 20, CLIENTS)
                load.drive(port, load.post(many), step * 2 // 20, CLIENTS)
                load.drive(port, load.post(b'{"wrong": 1}'), step // 20, CLIENTS)
                found.append([_resident(process) for process in _processes()])
                click.echo(f"{look * step:8,} {found[-1][0]:12.0f} {found[-1][1]:10.0f}")
            took = time.perf_counter() - began
        supervisor, worker = np.array(found[LOOKS // 4 :]).T
        click.echo(f"in {took:.0f} s; from a quarter to the end:")
        for name, series in (("supervisor", supervisor), ("worker", worker)):
            slope = np.polyfit(np.linspace(0.25, 1, len(series)), series, 1)[0]
            click.echo(f"{name:10} {series[-1] / series[0]:.3f} times, slope {slope:+.1f} MB a run")


def _processes() -> list[psutil.Process]:
    """The supervisor and its one worker."""
    supervisor = next(
        one for one in psutil.Process().children() if "longhaul.serving" in one.cmdline()
    )
    worker = next(one for one in supervisor.children() if "spawn_main" in " ".join(one.cmdline()))
    return [supervisor, worker]


def _resident(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / MEGABYTE


if __name__ == "__main__":
    main()
