"""Copy a tracking server's database and artifacts."""

import click

from longhaul.pipeline import caller
from longhaul.pipeline.step import stage
from longhaul.tracking_server import backup as backups
from longhaul.tracking_server.settings import resolve_storage


@stage
@click.option("--folder", required=True, help="Of what is not named, as for the server.")
@click.option("--database", required=True, help="An address; empty: SQLite in the folder.")
@click.option("--artifacts", required=True, help="An address or folder; empty: in the folder.")
@click.option("--to", required=True, help="A new folder.")
def backup(folder: str, database: str, artifacts: str, to: str) -> str:
    """Back a tracking server up while it works."""
    here = caller.folder()
    made = backups.create(resolve_storage(folder, database, artifacts, here), here / to)
    return f"{here / to}: {made}"


if __name__ == "__main__":
    backup()
