"""Run a tracking server until it is stopped: real database, artifacts through it, closed doors."""

import click

from longhaul.pipeline import caller
from longhaul.pipeline.step import stage
from longhaul.tracking_server import process
from longhaul.tracking_server.settings import ServerSettings, resolve_storage


@stage
@click.option("--folder", required=True, help="Of the log, and of what is not named.")
@click.option("--database", required=True, help="An address; empty: SQLite in the folder.")
@click.option("--artifacts", required=True, help="An address or folder; empty: in the folder.")
@click.option("--host", required=True, help="Where to listen.")
@click.option("--port", required=True, type=click.IntRange(1, 65535))
@click.option("--workers", required=True, type=click.IntRange(1, 256), help="Processes.")
@click.option("--names", required=True, help="By which it may be called, with commas between.")
@click.option("--users", required=True, type=bool, help="Ask for a name and a password.")
def server(
    folder: str,
    database: str,
    artifacts: str,
    host: str,
    port: int,
    workers: int,
    names: str,
    users: bool,
) -> str:
    """Keep runs, artifacts and models for everybody who may have them."""
    given = ServerSettings(
        store=resolve_storage(folder, database, artifacts, caller.folder()),
        host=host,
        port=port,
        workers=workers,
        names=tuple(name.strip() for name in names.split(",") if name.strip()),
        users=users,
    )
    process.serve(given, lambda line: click.echo(line))
    return f"served {given.url}"


if __name__ == "__main__":
    server()
