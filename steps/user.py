"""Give a user of the tracking server a role."""

import os

import click
import mlflow

from longhaul.errors import LonghaulError
from longhaul.pipeline.step import step
from longhaul.tracking_server import auth

PASSWORD = "LONGHAUL_USER_PASSWORD"


@step
def user(name: str, role: str) -> str:
    """Let a user in with a role, change it, or show the user out."""
    address = mlflow.get_tracking_uri()
    if not address.startswith("http"):
        raise LonghaulError(f"{address} has no users; set MLFLOW_TRACKING_URI to a server that has")
    client = auth.client(address)
    if role == auth.NO_ROLE:
        auth.remove_user(client, name)
        return f"{name} is no user any more"
    made_up = auth.grant_role(client, name, role, os.environ.get(PASSWORD, ""))
    if made_up:
        # On the terminal alone: a run is for all to read.
        click.echo(f"password of {name}: {made_up}")
    return f"{name} is {role}"


if __name__ == "__main__":
    user()
