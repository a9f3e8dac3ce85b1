"""Run a tracking server, with a database, an artifact store and users, until it is stopped."""

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
    allowed_hosts: str,
    users: bool,
) -> str:
    """Serve runs, artifacts and models to the users who may read or write them."""
    settings = ServerSettings(
        storage=resolve_storage(folder, database, artifacts, caller.folder()),
        host=host,
        port=port,
        workers=workers,
        allowed_hosts=tuple(host.strip() for host in allowed_hosts.split(",") if host.strip()),
        users=users,
    )
    process.serve(settings, lambda line: click.echo(line))
    return f"served {settings.url}"


if __name__ == "__main__":
    server()
