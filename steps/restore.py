"""Fill a new database and a new place for artifacts from a backup."""


from longhaul.pipeline import caller
from longhaul.pipeline.step import step
from longhaul.tracking_server import backup as backups
from longhaul.tracking_server.settings import resolve_storage


@step
def restore(backup: str, folder: str, database: str, artifacts: str) -> str:
    """Restore a tracking server from a backup."""
    here = caller.folder()
    found = backups.restore(here / backup, resolve_storage(folder, database, artifacts, here))
    return f"restored: {found}"


if __name__ == "__main__":
    restore()
