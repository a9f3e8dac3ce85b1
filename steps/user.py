"""Create, change or remove a user of the tracking server."""

import os

import click
import mlflow

from longhaul.errors import LonghaulError
from longhaul.pipeline.step import step
from longhaul.tracking_server import auth

PASSWORD = "LONGHAUL_USER_PASSWORD"


@step
def user(name: str, role: str) -> str:
    """Give a user a role, or remove the user."""
    address = mlflow.get_tracking_uri()
    if not address.startswith("http"):
        raise LonghaulError(
            f"{address} has no users; set MLFLOW_TRACKING_URI to a tracking server's address"
        )
    client = auth.client(address)
    if role == auth.NO_ROLE:
        auth.remove_user(client, name)
        return f"user {name} is removed"
    password = auth.grant_role(client, name, role, os.environ.get(PASSWORD, ""))
    if password:
        # On the terminal only: everybody may read the run.
        click.echo(f"password of {name}: {password}")
    return f"{name} is {role}"


if __name__ == "__main__":
    user()
