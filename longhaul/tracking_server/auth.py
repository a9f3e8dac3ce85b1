"""Who may do what on the tracking server: MLflow's basic auth, with a few roles of names.

MLflow's rights are told apart by what they are on, not by what is done: who may set one alias of a
registered model may set them all. So a role may register and promote, or neither.
"""

import secrets
import warnings
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy
from mlflow.exceptions import MlflowException

from longhaul.errors import LonghaulError

if TYPE_CHECKING:
    from mlflow.server.auth.client import AuthServiceClient
    from mlflow.server.auth.entities import Role

ADMIN = "admin"
NO_ROLE = "none"
PASSWORD_LENGTH = 12
CACHE_SECONDS = 60  # a password that was right is not computed again for so long

Grant = tuple[str, str, str]

# Everybody may read. What is granted is a kind of resource, which of them, and a right.
ROLES: Mapping[str, tuple[Grant, ...]] = {
    "reader": (),
    "trainer": (("experiment", "*", "EDIT"),),
    "promoter": (
        ("workspace", "*", "USE"),  # may make experiments and registered models
        ("experiment", "*", "EDIT"),
        ("registered_model", "*", "MANAGE"),
    ),
}
_WORKSPACE = "default"
_CONFIGURATION = """[mlflow]
default_permission = READ
database_uri = {database}
admin_username = {admin}
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
grant_default_workspace_access = true
auth_cache_ttl_seconds = {seconds}
"""


def configure(path: Path, database: str) -> None:
    """Write MLflow's configuration; only the owner may read it, since it holds a password."""
    path.touch(mode=0o600)
    text = _CONFIGURATION.format(
        database=database.replace("%", "%%"), admin=ADMIN, seconds=CACHE_SECONDS
    )
    path.write_text(text, encoding="utf-8")


def create_tables(database: str) -> bool:
    """Make the tables of users, once, before several workers would; whether there are users."""
    engine = sqlalchemy.create_engine(database)
    try:
        _auth("db.utils").migrate_if_needed(engine, "head")
        with engine.connect() as connection:
            found = connection.execute(sqlalchemy.text("SELECT 1 FROM users LIMIT 1")).first()
    finally:
        engine.dispose()
    return found is not None


def client(url: str) -> "AuthServiceClient":
    """The door-keeper of a server, asked in the name that the environment gives."""
    made: AuthServiceClient = _auth("client").AuthServiceClient(url)
    return made


def grant_role(client: "AuthServiceClient", name: str, role: str, password: str = "") -> str:
    """Give a user one role, and make the user where there is none of that name.

    Parameters
    ----------
    client : AuthServiceClient
        Of an administrator.
    name : str
    role : str
        One of `ROLES`.
    password : str
        Of a new user, or a new one; empty: one is made up for a new user.

    Returns
    -------
    str
        The password that was made up; empty where none was.

    Raises
    ------
    LonghaulError
        When there is no such role, or the password is too short.
    """
    if role not in ROLES:
        raise LonghaulError(f"role: {role!r} is none of {', '.join(ROLES)}, {NO_ROLE}")
    if password and len(password) < PASSWORD_LENGTH:
        raise LonghaulError(f"password: shorter than {PASSWORD_LENGTH} characters")
    made_up = ""
    if not _exists(client, name):
        made_up = "" if password else secrets.token_urlsafe(PASSWORD_LENGTH)
        client.create_user(name, password or made_up)
    elif password:
        client.update_user_password(name, password)
    for old in client.list_user_roles(name):
        if old.name in ROLES and old.name != role:
            client.unassign_role(name, old.id)
    if ROLES[role] and role not in {one.name for one in client.list_user_roles(name)}:
        client.assign_role(name, _role(client, role).id)
    return made_up


def remove_user(client: "AuthServiceClient", name: str) -> None:
    """Remove a user.

    Raises
    ------
    LonghaulError
        When there is none of that name.
    """
    if not _exists(client, name):
        raise LonghaulError(f"user: there is no {name!r}")
    client.delete_user(name)


def _auth(name: str) -> Any:
    """A module of MLflow's auth, which takes most of a second, and warns of what it is made of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return import_module(f"mlflow.server.auth.{name}")


def _exists(client: "AuthServiceClient", name: str) -> bool:
    try:
        client.get_user(name)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return False
        raise
    return True


def _role(client: "AuthServiceClient", name: str) -> "Role":
    """A role with all that it grants, made if need be."""
    known = {role.name: role for role in client.list_roles(_WORKSPACE)}
    role = known.get(name) or client.create_role(_WORKSPACE, name)
    granted = {
        (one.resource_type, one.resource_pattern, one.permission)
        for one in client.list_role_permissions(role.id)
    }
    for grant in ROLES[name]:
        if grant not in granted:
            client.add_role_permission(role.id, *grant)
    return role
