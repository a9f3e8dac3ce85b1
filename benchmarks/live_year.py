"""The flights' half-year lived through the service, against the same months as batches.

``python -m benchmarks.live_year [--months 6] [--kill]``: `main` lives July to December as batches,
in a store of its own. In another, it trains and deploys only; then the same flights are sent to
`serve` as requests, day by day, while `watch` runs. Of each day's outcomes, every second one is
posted, the others come as a table with a key, all before the next day. Printed are each month's
version and decision, and the figures that differ; it fails where decisions or ledgers do. With
``--kill``, service and watch are killed and begun again in the middle of the second month.

``--demo`` is for newcomers, and takes three minutes: a small search, the first ten days of July,
and what there is to look at.
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import requests

from longhaul.data import parquet
from longhaul.data.table import PeriodTable
from longhaul.model import payload
from longhaul.production.history import ProductionHistory
from longhaul.registry import corrections, ledger, promotion
from longhaul.registry.model_uri import resolve_model
from longhaul.tracking import artifacts

PROJECT = Path(__file__).resolve().parents[1]
MODEL, TARGET, TIME, KEY = "flights", "late", "scheduled_departure", "flight_id"
REQUEST_ROWS, SETTLE_SECONDS, PATIENCE_SECONDS = 500, 300, 2400
DEMO_DAYS, DEMO_SETTLE_SECONDS = 10, 15
LIVE = f"key: {KEY}\ntraffic: {{log: record, outcomes: 'arrivals/*.csv'}}\n"
PORTS = {"serve": 5901, "watch": 5902}
PARAMETERS = {
    "serve": {
        "model": f"models:/{MODEL}@champion",
        "port": PORTS["serve"],
        "poll_seconds": 0.2,
        "compact_seconds": 0.5,
    },
    "watch": {
        "problem": "flights.yaml",
        "port": PORTS["watch"],
        "poll_seconds": 0.2,
        "settle_seconds": SETTLE_SECONDS,
        "recalibrate_seconds": 0.1,
    },
}


class Replay:
    """Flights sent to a service day by day, while a watch runs beside it.

    Parameters
    ----------
    home : Path
        The folder that service and watch are started in.
    """

    def __init__(self, home: Path):
        self.home = home
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start the service, and then the watch."""
        for name, parameters in PARAMETERS.items():
            self.running[name] = run(self.home, name, **parameters)
        wait(lambda: self._get("serve", "/ready") is not None)
        wait(lambda: self._get("watch", "/health") is not None)

    def stop(self, number: int) -> None:
        """End both by a signal to all of their processes."""
        for process in self.running.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
        for process in self.running.values():
            process.wait(120)

    def fly(self, day: pd.Timestamp, flights: pd.DataFrame) -> None:
        """Send the flights of a day, and their outcomes."""
        keyed = flights.assign(**{KEY: [f"{day:%Y-%m-%d}-{i}" for i in range(len(flights))]})
        reports = []
        for start in range(0, len(keyed), REQUEST_ROWS):
            part = keyed[start : start + REQUEST_ROWS]
            sent = part.drop(columns=[TARGET, "tailnum"])
            answer = self._post("/invocations", payload.dumps(sent))
            request = answer.headers["x-request-id"]
            reports += [
                {"request": request, "row": place, "outcome": bool(late)}
                for place, late in enumerate(part[TARGET])
                if (start + place) % 2 == 0
            ]
        self._post("/outcomes", json.dumps({"outcomes": reports}))
        arrived = keyed.loc[keyed.index % 2 == 1, [KEY, TARGET]]
        draft = self.home / f"{day:%Y-%m-%d}.draft"
        arrived.to_csv(draft, index=False)
        draft.rename(self.home / "arrivals" / f"{day:%Y-%m-%d}.csv")

    def wait_for_correction(self, period: str, labelled: int) -> None:
        """Wait until the correction is made of so many outcomes, and the service has it."""
        seen = {period: labelled}
        wait(lambda: (self._get("watch", "/health") or {}).get("corrected") == seen)
        source = corrections.source(resolve_model(f"models:/{MODEL}@champion"))
        wait(lambda: source in json.dumps(self._get("serve", "/health")))

    def wait_for_verdict(self, period: str, labelled: int) -> None:
        """Wait until a month is judged by all outcomes, and the service has its champion."""

        def judged() -> dict[str, int]:
            return dict((self._get("watch", "/health") or {"judged": {}})["judged"])

        wait(lambda: judged().get(period) == labelled)
        champion = promotion.champion(MODEL)
        wait(lambda: (self._get("serve", "/health") or {}).get("version") == champion)

    def _get(self, name: str, path: str) -> Any:
        with contextlib.suppress(requests.RequestException):
            return requests.get(f"http://127.0.0.1:{PORTS[name]}{path}", timeout=30).json()
        return None

    def _post(self, path: str, body: str) -> requests.Response:
        headers = {"Content-Type": "application/json"}
        address = f"http://127.0.0.1:{PORTS['serve']}{path}"
        answer = requests.post(address, body.encode(), headers=headers, timeout=120)
        answer.raise_for_status()
        return answer


def live(home: Path, months: list[str], kill: bool) -> Iterator[str]:
    """Live the months both ways; yield lines of Markdown."""
    declared = (PROJECT / "problems" / "flights.yaml").read_text()
    declared = declared.replace("[2013-07, 2013-12]", f"[{months[0]}, {months[-1]}]")
    for name, text in (("batch", declared), ("traffic", declared + LIVE)):
        (home / name).mkdir()
        (home / name / "flights.yaml").write_text(text)
        began = time.perf_counter()
        if run(home / name, "main", problem="flights.yaml").wait():
            sys.exit((home / name / "main.log").read_text())
        print(f"main, {name}: {time.perf_counter() - began:.0f} s", file=sys.stderr)
    use(home / "traffic")
    replay(home / "traffic", months, kill)
    yield from compare(home, months)


def replay(home: Path, months: list[str], kill: bool) -> None:
    """Send the months to the service, and wait for the verdict on each."""
    (home / "arrivals").mkdir()
    service, table = Replay(home), PeriodTable(artifacts.fetch(clean_table()))
    service.start()
    try:
        for month in months:
            began, labelled = time.perf_counter(), 0
            frame = parquet.read(table.path(month))
            for day, flights in frame.groupby(frame[TIME].dt.normalize()):
                service.fly(pd.Timestamp(day), flights.reset_index(drop=True))
                labelled += len(flights)
                if kill and month == months[min(1, len(months) - 1)] and day.day == 15:
                    service.stop(signal.SIGKILL)
                    service.start()
                service.wait_for_correction(month, labelled)
            service.wait_for_verdict(month, labelled)
            seconds = time.perf_counter() - began
            print(f"{month}: {labelled:,} flights, {seconds:.0f} s", file=sys.stderr)
    finally:
        service.stop(signal.SIGTERM)


def compare(home: Path, months: list[str]) -> Iterator[str]:
    """Yield a table of each month's decisions, and how many figures differ."""
    lives = {}
    for name in ("batch", "traffic"):
        use(home / name)
        periods = ProductionHistory.load(MODEL).periods
        documents = {
            month: artifacts.read_json(f"runs:/{periods[month].run}/monitor.json")
            for month in months
        }
        moves = [
            (line.move, line.before, line.after)
            for line in ledger.lines(MODEL)
            if not line.move.startswith("correction")  # made each day, in batches each month
        ]
        lives[name] = periods, documents, moves
    yield "| month | version | decision | figures | that differ | largest difference |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for month in months:
        (batch, first, _), (traffic, second, _) = lives["batch"], lives["traffic"]
        version = " / ".join(dict.fromkeys([batch[month].version, traffic[month].version]))
        decisions = dict.fromkeys([batch[month].reason, traffic[month].reason])
        pairs = list(figures(first[month], second[month]))
        differ = [abs(one - other) for one, other in pairs if one != other]
        yield (
            f"| {month} | {version} | {' / '.join(decisions)} | {len(pairs):,} | {len(differ):,}"
            f" | {max(differ, default=0):.2g} |"
        )
    same = lives["batch"][2] == lives["traffic"][2]
    actions = [
        [(periods[month].version, periods[month].action) for month in months]
        for periods, _, _ in lives.values()
    ]
    yield f"\nThe ledgers tell {'the same moves' if same else 'other moves'}:"
    for name in lives:
        yield f"{name}: {lives[name][2]}"
    if not same or actions[0] != actions[1]:
        sys.exit("live traffic was judged otherwise than the same rows in batches")


def figures(first: Any, second: Any, place: str = "") -> Iterator[tuple[float, float]]:
    """Yield the numbers that stand in the same places of two documents.

    Raises
    ------
    ValueError
        When their places or their texts are not the same.
    """
    if isinstance(first, dict):
        for key in first:
            if key != "rules":
                yield from figures(first[key], second[key], f"{place}.{key}")
    elif isinstance(first, list):
        for one, other in zip(first, second, strict=True):
            yield from figures(one, other, f"{place}[]")
    elif isinstance(first, int | float) and not isinstance(first, bool):
        yield float(first), float(second)
    elif first != second:
        raise ValueError(f"{place[1:]}: {first!r} is {second!r} in live traffic")


def run(home: Path, entry_point: str, **parameters: object) -> subprocess.Popen[bytes]:
    """Start ``mlflow run`` in a folder, with the store there; its output is a file."""
    given = [f"-P{name}={value}" for name, value in parameters.items()]
    environment = os.environ | {"MLFLOW_TRACKING_URI": f"sqlite:///{home}/mlflow.db"}
    command = [sys.executable, "-m", "mlflow", "run", str(PROJECT), "-e", entry_point]
    with (home / f"{entry_point}.log").open("ab") as log:
        return subprocess.Popen(
            [*command, "--env-manager", "local", *given],
            cwd=home,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def clean_table() -> str:
    """Return the URI of the table of the run that validated it."""
    (validated,) = mlflow.search_runs(
        filter_string="tags.mlflow.project.entryPoint = 'validate'",
        search_all_experiments=True,
        output_format="list",
    )
    return f"runs:/{validated.info.run_id}/table"


def use(home: Path) -> None:
    """Read and write the store of a folder from now on."""
    mlflow.set_tracking_uri(f"sqlite:///{home}/mlflow.db")


def wait(holds: Callable[[], bool]) -> None:
    """Wait until something is true.

    Raises
    ------
    TimeoutError
        When it is not after `PATIENCE_SECONDS`.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError("service or watch did not come to it; see their logs")
        time.sleep(0.05)


def demonstrate(home: Path) -> None:
    """Live some days of July, and say where to look."""
    declared = (PROJECT / "problems" / "flights.yaml").read_text()
    (home / "flights.yaml").write_text(declared + LIVE)
    say("main: train, tune, judge, register, serve, promote; the months are left to live traffic")
    if run(home, "main", problem="flights.yaml", families="lightgbm", trials=3).wait():
        sys.exit((home / "main.log").read_text())
    use(home)
    (home / "arrivals").mkdir()
    PARAMETERS["watch"]["settle_seconds"] = DEMO_SETTLE_SECONDS
    service, frame = Replay(home), PeriodTable(artifacts.fetch(clean_table())).read(["2013-07"])
    say(f"serve and watch: http://127.0.0.1:{PORTS['serve']}/docs, .../health, .../metrics")
    service.start()
    try:
        labelled = 0
        for day, flights in list(frame.groupby(frame[TIME].dt.normalize()))[:DEMO_DAYS]:
            service.fly(pd.Timestamp(day), flights.reset_index(drop=True))
            labelled += len(flights)
            service.wait_for_correction("2013-07", labelled)
            stored = corrections.find(resolve_model(f"models:/{MODEL}@champion"))
            shift = stored.correction.current if stored else 0.0
            say(f"{day:%d %B}: {len(flights)} flights answered, outcomes in; shift {shift:+.3f}")
        say(f"no flight for {DEMO_SETTLE_SECONDS} s: July is judged, as far as it goes")
        service.wait_for_verdict("2013-07", labelled)
    finally:
        service.stop(signal.SIGTERM)
    history = ProductionHistory.load(MODEL)
    say(history.periods["2013-07"].reason)
    say(f"the page of its life: {artifacts.fetch(f'runs:/{history.run}/life.html')}")
    say(f"all runs: mlflow ui --backend-store-uri sqlite:///{home}/mlflow.db")


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)


def main() -> None:
    """Read the options, live, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--months", type=int, default=6, choices=range(1, 7))
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--demo", action="store_true")
    parser.add_argument("--home", help="an empty folder that stays, with both stores")
    given = parser.parse_args()
    if given.demo:
        demonstrate(Path(tempfile.mkdtemp(prefix="longhaul-live-")))
        return
    months = [f"2013-{month:02d}" for month in range(7, 7 + given.months)]
    with contextlib.ExitStack() as stack:
        temporary = tempfile.TemporaryDirectory(prefix="longhaul-")
        home = Path(given.home or stack.enter_context(temporary)).resolve()
        home.mkdir(parents=True, exist_ok=True)
        for line in live(home, months, given.kill):
            print(line, flush=True)


if __name__ == "__main__":
    main()
