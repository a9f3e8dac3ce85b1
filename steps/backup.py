"""Copy a tracking server's database and artifacts."""

from longhaul.pipeline import caller
from longhaul.pipeline.step import step
from longhaul.tracking_server import backup as backups
from longhaul.tracking_server.settings import resolve_storage


@step
def backup(folder: str, database: str, artifacts: str, to: str) -> str:
    """Back up a tracking server while it runs."""
    here = caller.folder()
    manifest = backups.create(resolve_storage(folder, database, artifacts, here), here / to)
    return f"{here / to}: {manifest}"


if __name__ == "__main__":
    backup()
