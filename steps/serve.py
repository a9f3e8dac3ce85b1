"""Serve the model over HTTP until it is stopped: predictions on record, the alias followed."""

import os

import click
import mlflow

from longhaul.pipeline import caller
from longhaul.pipeline.step import stage
from longhaul.serving import auth as bearer
from longhaul.serving import supervisor
from longhaul.serving.settings import Limits, Settings


@stage
@click.option("--model", required=True, help="models:/<name>@champion is followed.")
@click.option("--host", required=True, help="Where to listen.")
@click.option("--port", required=True, type=click.IntRange(0, 65535), help="0 is any.")
@click.option("--workers", required=True, type=click.IntRange(1, 256), help="Processes.")
@click.option("--record", required=True, help="The folder of the prediction record.")
@click.option("--unrecorded", required=True, type=click.Choice(["refuse", "count"]))
@click.option("--shadow", required=True, help="An alias, such as challenger, or nothing.")
@click.option("--tokens", required=True, help="A file of bearer tokens, or nothing.")
@click.option("--max_rows", required=True, type=click.IntRange(min=1), help="In one request.")
@click.option("--max_bytes", required=True, type=click.IntRange(min=1), help="Of one body.")
@click.option("--timeout", required=True, type=click.FloatRange(0, min_open=True))
@click.option("--watch", required=True, type=click.FloatRange(0, min_open=True))
@click.option("--seal", required=True, type=click.FloatRange(0, min_open=True))
def serve(
    model: str,
    host: str,
    port: int,
    workers: int,
    record: str,
    unrecorded: str,
    shadow: str,
    tokens: str,
    max_rows: int,
    max_bytes: int,
    timeout: float,
    watch: float,
    seal: float,
) -> str:
    """Answer in MLflow's scoring protocol, and keep every prediction."""
    folder = caller.folder()
    settings = Settings(
        model=model,
        host=host,
        port=port,
        workers=workers,
        record=folder / record,
        unrecorded="count" if unrecorded == "count" else "refuse",
        shadow=shadow,
        tokens=bearer.read(
            folder / tokens if tokens else None, os.environ.get("LONGHAUL_TOKENS", "")
        ),
        limits=Limits(max_bytes, max_rows, timeout),
        watch=watch,
        seal=seal,
    )
    rows = supervisor.run(settings)
    mlflow.log_metric("rows", rows)
    return f"served {model}: {rows:,} row{'' if rows == 1 else 's'}"


if __name__ == "__main__":
    serve()
