"""Fill a new database and a new place for artifacts from a backup."""

import click

from longhaul.pipeline import caller
from longhaul.pipeline.step import stage
from longhaul.tracking_server import backup as backups
from longhaul.tracking_server.settings import resolve_storage


@stage
@click.option("--backup", required=True, help="The folder that it is in.")
@click.option("--folder", required=True, help="Of what is not named, as for the server.")
@click.option("--database", required=True, help="An address; empty: SQLite in the folder.")
@click.option("--artifacts", required=True, help="An address or folder; empty: in the folder.")
def restore(backup: str, folder: str, database: str, artifacts: str) -> str:
    """Restore a tracking server from a backup."""
    here = caller.folder()
    found = backups.restore(here / backup, resolve_storage(folder, database, artifacts, here))
    return f"restored: {found}"


if __name__ == "__main__":
    restore()
