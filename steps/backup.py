"""Copy a tracking server's database and artifacts."""


from longhaul.pipeline import caller
from longhaul.pipeline.step import step
from longhaul.tracking_server import backup as backups
from longhaul.tracking_server.settings import resolve_storage


@step
def backup(folder: str, database: str, artifacts: str, to: str) -> str:
    """Back a tracking server up while it works."""
    here = caller.folder()
    made = backups.create(resolve_storage(folder, database, artifacts, here), here / to)
    return f"{here / to}: {made}"


if __name__ == "__main__":
    backup()
