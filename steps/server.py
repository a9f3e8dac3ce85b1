"""Run a tracking server until it is stopped: real database, artifacts through it, closed doors."""

import click

from longhaul.pipeline import caller
from longhaul.pipeline.parameters import Port, Workers
from longhaul.pipeline.step import step
from longhaul.tracking_server import process
from longhaul.tracking_server.settings import ServerSettings, resolve_storage


@step
def server(
    folder: str,
    database: str,
    artifacts: str,
    host: str,
    port: Port,
    workers: Workers,
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
