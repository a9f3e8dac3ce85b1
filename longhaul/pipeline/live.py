"""A period of live traffic, collected from the prediction log and monitored as it was served."""

from dataclasses import asdict, dataclass
from pathlib import Path

from longhaul.data.table import PeriodTable
from longhaul.errors import LonghaulError
from longhaul.pipeline import caller, composite
from longhaul.pipeline.composite import MonitoredPeriod
from longhaul.pipeline.flow import Flow
from longhaul.problem import Problem, Traffic
from longhaul.production import live_traffic, recalibration
from longhaul.registry import versions
from longhaul.registry.legacy_stages import CHALLENGER
from longhaul.registry.model_uri import resolve_model, version_uri
from longhaul.tracking import artifacts
from longhaul.traffic import summary


@dataclass(frozen=True)
class TrafficSource:
    """Addresses of live traffic: the parameters of the step `collect`.

    Attributes
    ----------
    traffic : str
        The prediction log.
    outcomes, query : str
        A table of outcomes by key, and what to ask if it is a database; both may be empty.
    """

    traffic: str
    outcomes: str
    query: str


def source(problem: Problem, folder: Path, traffic: str, outcomes: str) -> TrafficSource | None:
    """Return the live traffic of a problem, as parameters or else the problem name it.

    Parameters
    ----------
    problem : Problem
    folder : Path
        Of the problem file, where relative paths in it start; those of parameters start where the
        caller is.
    traffic, outcomes : str
        Parameters of the step; may be empty.

    Returns
    -------
    TrafficSource or None
        None where the periods are batches, to be scored.
    """
    declared = problem.traffic or Traffic()
    log = live_traffic.resolve(traffic, caller.folder())
    log = log or live_traffic.resolve(declared.log, folder)
    table_of_outcomes = live_traffic.resolve(outcomes, caller.folder())
    table_of_outcomes = table_of_outcomes or live_traffic.resolve(declared.outcomes, folder)
    if outcomes and not log:
        raise LonghaulError("outcomes: they are of live traffic; give traffic, too")
    return TrafficSource(log, table_of_outcomes, declared.query) if log else None


def monitor_traffic(
    flow: Flow, name: str, table: str, source: TrafficSource, period: str, engine: str
) -> MonitoredPeriod:
    """Collect a period and monitor it, version by version.

    The decision is about the version in charge at the end, and its correction is made anew from the
    outcomes so far. Predictions stay as they were served.

    Parameters
    ----------
    flow : Flow
    name : str
        The registered model.
    table : str
        URI of the clean table that it learned from.
    source : TrafficSource
    period, engine : str
    """
    collected = flow.run("collect", table=table, period=period, **asdict(source))
    rows, predictions = collected.uri("table"), collected.uri("predictions")
    folder = artifacts.fetch(rows)
    served = summary.read(folder)[period]
    for number in served.rows:
        if number != served.in_charge:
            versions.require_whole(name, number)
            composite.monitor(flow, version_uri(name, number), predictions, rows, period, engine)
    version = served.in_charge
    versions.require_whole(name, version)
    model = version_uri(name, version)
    if recalibration.applies(PeriodTable(folder).problem):
        flow.run("recalibrate", model=model, predictions=predictions, table=rows, period=period)
    decision = composite.monitor(flow, model, predictions, rows, period, engine)
    _compare_shadow(flow, name, table, source, period)
    return MonitoredPeriod(version, rows, decision, collected.metrics)


def _compare_shadow(flow: Flow, name: str, table: str, source: TrafficSource, period: str) -> None:
    """Compare the challenger with the champion, if it has predicted the same requests."""
    number = versions.aliases(name).get(CHALLENGER)
    if number is None:
        return
    shadow = version_uri(name, number)
    if live_traffic.shadow_files(source.traffic, resolve_model(shadow), Path()):
        flow.run("compare", shadow=shadow, table=table, period=period, **asdict(source))
