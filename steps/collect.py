"""Collect live traffic up to a period: a table, with the predictions as they were served."""

from pathlib import Path

import mlflow

from longhaul.data import periods
from longhaul.pipeline import caller
from longhaul.pipeline.parameters import CollectedScope
from longhaul.pipeline.step import step
from longhaul.production import live_traffic
from longhaul.registry import promotion
from longhaul.registry.model_uri import ModelUri
from longhaul.tracking import artifacts
from longhaul.traffic import collection


def answered(table: str, traffic: str, outcomes: str, query: str, period: str) -> str:
    """Digest the rows that were answered up to the period, and their outcomes."""
    return str(live_traffic.digest(table, traffic, outcomes, query, period, caller.folder()))


@step(state=answered)
def collect(
    table: str, traffic: str, outcomes: str, query: str, period: str, scope: CollectedScope
) -> str:
    """Write the periods that a service has answered, joined with the outcomes so far."""
    with (
        live_traffic.open_log(table, traffic, outcomes, query, caller.folder()) as served,
        artifacts.log_folder("table") as rows,
        artifacts.log_folder("predictions") as scored,
    ):

        def folder(version: str) -> Path:
            path = scored / ModelUri(served.problem.name, version, "").key
            path.mkdir(exist_ok=True)
            return path

        promoted = promotion.first_promotions(served.problem.name)
        collected = collection.collect(served, period, promoted, rows, folder, scope == "last")
    mlflow.log_dict(collected.to_dict(), "collect.json")
    mlflow.log_metrics(collected.metrics())
    for label, counts in collected.periods.items():
        mlflow.log_metric("label_completeness", counts.completeness, step=periods.step(label))
    return collected.headline(period)


if __name__ == "__main__":
    collect()
