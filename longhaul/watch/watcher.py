"""Watcher: looks at the prediction log, and runs the cycle of each period that is due."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import mlflow

from longhaul.errors import LonghaulError
from longhaul.pipeline.flow import Flow, StepFailed
from longhaul.pipeline.live import TrafficSource
from longhaul.problem import Problem
from longhaul.production import live_traffic, recalibration
from longhaul.production.history import ProductionHistory
from longhaul.registry import corrections
from longhaul.registry.model_uri import resolve_model, version_uri
from longhaul.tracking import artifacts
from longhaul.traffic import prediction_log, summary
from longhaul.traffic.served import ServedTraffic
from longhaul.watch import canary_keeper
from longhaul.watch.agenda import Agenda, TrafficState
from longhaul.watch.figures import WatchFigures

_SUBFOLDERS = (prediction_log.PREDICTIONS, prediction_log.GROUND_TRUTH, prediction_log.LOSSES)


@dataclass(frozen=True)
class WatchSettings:
    """Settings of a watch.

    Attributes
    ----------
    poll_seconds : float
        Between two looks at the log.
    recalibrate_seconds : float
        The least time between two recalibrations by the outcomes of the period that is open.
    until : str
        The watch ends when this period has been judged; empty: it stays.
    """

    poll_seconds: float
    recalibrate_seconds: float
    until: str


class Watcher:
    """Watch over the live traffic of one model.

    Parameters
    ----------
    flow : Flow
        Under the run of the watch.
    problem : Problem
    table : str
        URI of the clean table that the model learned from.
    source : TrafficSource
    cycle : mapping of str to object
        The parameters of each cycle, but for the period.
    agenda : Agenda
    settings : WatchSettings
    """

    def __init__(
        self,
        flow: Flow,
        problem: Problem,
        table: str,
        source: TrafficSource,
        cycle: Mapping[str, object],
        agenda: Agenda,
        settings: WatchSettings,
    ):
        self._flow, self._problem, self._table, self._source = flow, problem, table, source
        self._cycle, self._agenda, self._settings = cycle, agenda, settings
        self.figures = WatchFigures(problem.name)
        self.error = ""  # the reason while the log cannot be read, else empty
        self._looked = 0.0
        self._listing: object = None
        self._state = TrafficState({}, {})
        self._recalibrated = "", 0.0  # digest of the evidence, and when
        self._corrected: dict[str, int] = {}  # the outcomes that the correction was made of last
        self._judged: dict[str, int] = {}  # the outcomes that each period was judged by

    def run(self) -> None:
        """Look again and again, until the last period to judge has been judged."""
        while True:
            self.look(time.time())
            if self._settings.until and self._settings.until in self._agenda.judged:
                return
            time.sleep(self._settings.poll_seconds)

    def look(self, now: float) -> None:
        """Run the cycles that are due, and correct the level by the outcomes of an open period."""
        self._looked = now
        self.figures.set("looked_seconds", now)
        try:
            self._refresh(now)
        except LonghaulError as error:
            if str(error) != self.error:
                click.echo(f"note: {error}", err=True)
            self.error = str(error)
            return
        self.error = ""
        for period in self._agenda.due(self._state, now):
            self._judge(period, now)
        if open_period := self._agenda.open_period(self._state, now):
            self._correct(open_period, now)
        self.figures.set("failing_periods", len(self._agenda.failures))

    def health(self) -> dict[str, Any]:
        """Describe the watch as JSON types."""
        failing = {
            period: {"failures": count, "again": _clock(at)}
            for period, (count, at) in dict(self._agenda.failures).items()
        }
        return {
            "status": "troubled" if failing or self.error else "ok",
            "model": self._problem.name,
            "traffic": self.error or "ok",
            "looked": _clock(self._looked),
            "judged": dict(sorted(self._judged.items())),
            "corrected": self._corrected,
            "failing": failing,
        }

    def _refresh(self, now: float) -> None:
        """Read the log anew, if it has changed."""
        source = self._source
        listing = _listing(live_traffic.fetch_log(source.traffic)), _outcome_files(source.outcomes)
        if listing == self._listing and not source.query:
            return
        given = source.traffic, source.outcomes, source.query, Path()
        with live_traffic.open_log(self._table, *given) as traffic:
            state, newest = _state(traffic), traffic.newest_outcome
            self._keep_canary(traffic)
        if self._state.digests and state.digests != self._state.digests:
            newest = now
        self._listing, self._state = listing, state
        if newest:
            self.figures.set("newest_outcome_seconds", newest)
        if state.newest:
            self.figures.set("newest_row_seconds", max(state.newest.values()))

    def _keep_canary(self, traffic: ServedTraffic) -> None:
        """Let the canary grow, or take it back; a move that fails is tried with the next rows."""
        try:
            canary_keeper.look(self._flow, traffic)
        except LonghaulError as error:
            click.echo(f"note: canary: {error}; again with new rows", err=True)

    def _judge(self, period: str, now: float) -> None:
        """Run the cycle of a period; one that fails is tried again later."""
        try:
            self._flow.run("cycle", **self._cycle, period=period)
        except StepFailed as error:
            pause = self._agenda.fail(period, now)
            self.figures.count_cycle("failed")
            click.echo(f"note: {period}: {error}; again in {pause:.0f} s", err=True)
            return
        self.figures.count_cycle("finished")
        self._corrected = {period: self._state.labelled[period]}  # a cycle recalibrates, too
        if period >= max(self._agenda.judged, default=period):
            self._show(period)
        self._agenda.succeed(self._state, period)
        self._judged[period] = self._state.labelled[period]

    def _correct(self, period: str, now: float) -> None:
        """Make the correction anew from the outcomes of the period that is open."""
        evidence, last = self._recalibrated
        digest = self._state.digests[period]
        wait = self._settings.recalibrate_seconds
        if not recalibration.applies(self._problem) or digest == evidence or now - last < wait:
            return
        given = {"table": self._table, "period": period, **asdict(self._source), "scope": "last"}
        try:
            collected = self._flow.run("collect", **given)
            rows, predictions = collected.uri("table"), collected.uri("predictions")
            version = summary.read(artifacts.fetch(rows))[period].in_charge
            model = version_uri(self._problem.name, version)
            self._flow.run(
                "recalibrate", model=model, predictions=predictions, table=rows, period=period
            )
        except StepFailed as error:
            click.echo(f"note: {period}: {error}; again with new outcomes", err=True)
        else:
            self._corrected = {period: self._state.labelled[period]}
            self._show_shift()
        self._recalibrated = digest, now

    def _show(self, period: str) -> None:
        """Show the figures of the newest period that was judged."""
        record = ProductionHistory.load(self._problem.name).periods[period]
        assessment = artifacts.read_json(f"runs:/{record.run}/monitor.json")
        table = mlflow.MlflowClient().get_run(record.run).data.params["table"]
        losses = summary.read(artifacts.fetch(table))[period].losses
        self.figures.show(assessment, record.version, losses)
        self._show_shift()

    def _show_shift(self) -> None:
        champion = resolve_model(f"models:/{self._problem.name}@champion")
        stored = corrections.find(champion)
        shift = stored.correction.current if stored else 0.0
        self.figures.set("correction_shift", shift, champion.version)


def _state(traffic: ServedTraffic) -> TrafficState:
    newest: dict[str, float] = {}
    labelled: dict[str, int] = {}
    for count in traffic.counts():
        newest[count.period] = max(count.last, newest.get(count.period, 0.0))
        labelled[count.period] = count.labelled + labelled.get(count.period, 0)
    return TrafficState(traffic.digests(), newest, labelled)


def _listing(log: Path) -> list[tuple[str, int]]:
    """List the files of a log: their names and sizes are others as soon as there is more."""
    files = [file for name in _SUBFOLDERS for file in log.glob(f"{name}/**/*.parquet")]
    return sorted((str(file), file.stat().st_size) for file in files)


def _outcome_files(address: str) -> list[tuple[str, int, int]]:
    """List the files of a table of outcomes on this machine, with size and time of change."""
    path = Path(address)
    files = sorted(path.parent.glob(path.name)) if address else []
    listed = [inner for file in files for inner in ([file] if file.is_file() else file.rglob("*"))]
    stats = [(str(file), file.stat()) for file in sorted(listed)]
    return [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]


def _clock(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
