"""Serve the model over HTTP until it is stopped: predictions on record, the alias followed."""

import os

import mlflow

from longhaul.pipeline import caller
from longhaul.pipeline.parameters import Count, OnLogFailure, PortOrAny, Seconds, Workers
from longhaul.pipeline.step import step
from longhaul.serving import auth as bearer
from longhaul.serving import supervisor
from longhaul.serving.settings import RequestLimits, ServiceSettings


@step
def serve(
    model: str,
    host: str,
    port: PortOrAny,
    workers: Workers,
    record: str,
    unrecorded: OnLogFailure,
    shadow: str,
    tokens: str,
    max_rows: Count,
    max_bytes: Count,
    timeout: Seconds,
    watch: Seconds,
    seal: Seconds,
) -> str:
    """Answer in MLflow's scoring protocol, and keep every prediction."""
    folder = caller.folder()
    settings = ServiceSettings(
        model=model,
        host=host,
        port=port,
        workers=workers,
        record=folder / record,
        unrecorded="count" if unrecorded == "count" else "refuse",
        shadow=shadow,
        tokens=bearer.load_tokens(
            folder / tokens if tokens else None, os.environ.get("LONGHAUL_TOKENS", "")
        ),
        limits=RequestLimits(max_bytes, max_rows, timeout),
        watch=watch,
        seal=seal,
    )
    rows = supervisor.run(settings)
    mlflow.log_metric("rows", rows)
    return f"served {model}: {rows:,} row{'' if rows == 1 else 's'}"


if __name__ == "__main__":
    serve()
