"""Keeper of the canary: lets it grow, promotes it, or takes it back, by outcomes of its rows."""

import click
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from longhaul.evaluation import canary_verdict
from longhaul.evaluation.canary_verdict import CanaryVerdict
from longhaul.pipeline import rollout
from longhaul.pipeline.flow import Flow
from longhaul.production.announcements import announced_moves
from longhaul.registry import canary, promotion
from longhaul.registry.canary import Canary
from longhaul.registry.model_uri import version_uri
from longhaul.traffic.served import TABLE, ServedTraffic

Side = tuple[pd.DataFrame, pd.DataFrame]


def look(flow: Flow, traffic: ServedTraffic) -> CanaryVerdict | None:
    """Judge the canary by the traffic since it got its share, and do as the verdict says.

    Parameters
    ----------
    flow : Flow
        Under the run of the watch.
    traffic : ServedTraffic

    Returns
    -------
    CanaryVerdict or None
        None where there is no canary.
    """
    problem = traffic.problem
    stored, champion = canary.current(problem.name), promotion.champion(problem.name)
    if stored is None or champion is None:
        return None
    rows = traffic.since(stored.since)
    sides = _side(rows, champion), _side(rows, stored.version)
    verdict = canary_verdict.judge(*sides, stored.share, problem)
    _carry_out(flow, problem.name, stored, champion, verdict)
    return verdict


def _carry_out(
    flow: Flow, name: str, stored: Canary, champion: str, verdict: CanaryVerdict
) -> None:
    """Move the canary's share; each move is in the ledger."""
    run = flow.parent_id
    if verdict.move == "wait":
        return
    if verdict.move == "promote":
        model = version_uri(name, stored.version)
        rollout.promote(flow, model, f"as canary {verdict.reason}", run, champion)
    else:
        with announced_moves(name):
            if verdict.move == "grow":
                canary.begin(name, stored.version, verdict.share, verdict.reason, run)
            else:
                canary.end(name, stored.version, verdict.reason, run)
    click.echo(f"canary {stored.version}: {verdict.move}, {verdict.reason}", err=True)


def _side(rows: pa.Table, version: str) -> Side:
    """Return the rows that a version has answered, and what it has predicted of them."""
    own = rows.filter(pc.equal(rows["version"], version))
    names = own.column_names
    table = [name for name in names if name.startswith(TABLE)]
    bare = own.select(table).rename_columns([name.removeprefix(TABLE) for name in table])
    predicted = [name for name in names if not name.startswith(TABLE)]
    return bare.to_pandas(), own.select(predicted).to_pandas()
