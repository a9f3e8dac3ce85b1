"""Serve the model over HTTP until it is stopped: predictions are logged, the alias is followed."""

import os

from longhaul.serving import workers as worker_processes

if __name__ == "__main__":
    worker_processes.warm_up()  # beside the imports below

import mlflow

from longhaul.pipeline import caller
from longhaul.pipeline.parameters import (
    Count,
    Days,
    OnLogFailure,
    OnUnreadable,
    PortOrAny,
    Seconds,
    Workers,
)
from longhaul.pipeline.step import step
from longhaul.production import live_traffic
from longhaul.serving import auth, supervisor
from longhaul.serving.settings import RequestLimits, ServiceSettings


@step
def serve(
    model: str,
    host: str,
    port: PortOrAny,
    workers: Workers,
    record: str,
    on_log_failure: OnLogFailure,
    on_unreadable: OnUnreadable,
    shadow: str,
    tokens: str,
    max_rows: Count,
    max_bytes: Count,
    timeout: Seconds,
    poll_seconds: Seconds,
    compact_seconds: Seconds,
    ship: str,
    keep_days: Days,
) -> str:
    """Answer in MLflow's scoring protocol, and log every prediction."""
    folder = caller.folder()
    settings = ServiceSettings(
        model=model,
        host=host,
        port=port,
        workers=workers,
        record=folder / record,
        on_log_failure="count" if on_log_failure == "count" else "refuse",
        shadow=shadow,
        tokens=auth.load_tokens(
            folder / tokens if tokens else None, os.environ.get("LONGHAUL_TOKENS", "")
        ),
        limits=RequestLimits(
            max_bytes, max_rows, timeout, "count" if on_unreadable == "count" else "refuse"
        ),
        poll_seconds=poll_seconds,
        compact_seconds=compact_seconds,
        ship=live_traffic.resolve(ship, folder),
        keep_days=keep_days,
    )
    rows = supervisor.run(settings)
    mlflow.log_metric("rows", rows)
    return f"served {model}: {rows:,} row{'' if rows == 1 else 's'}"


if __name__ == "__main__":
    serve()
