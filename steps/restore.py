"""Restore a tracking server's database and artifacts from a backup."""

from longhaul.pipeline import caller
from longhaul.pipeline.step import step
from longhaul.tracking_server import backup as backups
from longhaul.tracking_server.settings import resolve_storage


@step
def restore(backup: str, folder: str, database: str, artifacts: str) -> str:
    """Restore a tracking server from a backup."""
    here = caller.folder()
    manifest = backups.restore(here / backup, resolve_storage(folder, database, artifacts, here))
    return f"restored: {manifest}"


if __name__ == "__main__":
    restore()
