"""Authentication and roles on the tracking server, on top of MLflow's basic auth.

MLflow grants rights on resources, not on actions: a user who may set one alias of a registered
model may set all of them. So a role may register and promote, or neither.
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
CACHE_SECONDS = 60  # a verified password is not hashed again for so long

Grant = tuple[str, str, str]

# Every user may read. A grant names a resource type, a pattern of names and a permission.
ROLES: Mapping[str, tuple[Grant, ...]] = {
    "reader": (),
    "trainer": (("experiment", "*", "EDIT"),),
    "promoter": (
        ("workspace", "*", "USE"),  # may create experiments and registered models
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
    """Write MLflow's auth configuration, readable by its owner only: it holds a password."""
    path.touch(mode=0o600)
    text = _CONFIGURATION.format(
        database=database.replace("%", "%%"), admin=ADMIN, seconds=CACHE_SECONDS
    )
    path.write_text(text, encoding="utf-8")


def create_tables(database: str) -> bool:
    """Create the tables of users before several workers do; return whether there are users."""
    engine = sqlalchemy.create_engine(database)
    try:
        _auth("db.utils").migrate_if_needed(engine, "head")
        with engine.connect() as connection:
            user = connection.execute(sqlalchemy.text("SELECT 1 FROM users LIMIT 1")).first()
    finally:
        engine.dispose()
    return user is not None


def client(url: str) -> "AuthServiceClient":
    """Return a client of a server's auth API, with the user of the environment."""
    auth_client: AuthServiceClient = _auth("client").AuthServiceClient(url)
    return auth_client


def grant_role(client: "AuthServiceClient", name: str, role: str, password: str = "") -> str:
    """Give a user one role; a user that does not exist is created.

    Parameters
    ----------
    client : AuthServiceClient
        Of an administrator.
    name : str
    role : str
        One of `ROLES`.
    password : str
        For a new user, or to replace the present one; empty: a new user gets a generated one.

    Returns
    -------
    str
        The generated password; empty where none was generated.

    Raises
    ------
    LonghaulError
        When there is no such role, or the password is too short.
    """
    if role not in ROLES:
        raise LonghaulError(f"role: {role!r} is none of {', '.join(ROLES)}, {NO_ROLE}")
    if password and len(password) < PASSWORD_LENGTH:
        raise LonghaulError(
            f"password: shorter than {PASSWORD_LENGTH} characters; choose a longer one"
        )
    generated = ""
    if not _exists(client, name):
        generated = "" if password else secrets.token_urlsafe(PASSWORD_LENGTH)
        client.create_user(name, password or generated)
    elif password:
        client.update_user_password(name, password)
    for old in client.list_user_roles(name):
        if old.name in ROLES and old.name != role:
            client.unassign_role(name, old.id)
    if ROLES[role] and role not in {granted.name for granted in client.list_user_roles(name)}:
        client.assign_role(name, _role(client, role).id)
    return generated


def remove_user(client: "AuthServiceClient", name: str) -> None:
    """Remove a user.

    Raises
    ------
    LonghaulError
        When there is none of that name.
    """
    if not _exists(client, name):
        raise LonghaulError(f"user: there is no {name!r} to remove")
    client.delete_user(name)


def _auth(name: str) -> Any:
    """Import a module of MLflow's auth: late, since it takes most of a second; without warnings."""
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
    """Return a role with all its grants; it is created where there is none."""
    roles = {role.name: role for role in client.list_roles(_WORKSPACE)}
    role = roles.get(name) or client.create_role(_WORKSPACE, name)
    granted = {
        (grant.resource_type, grant.resource_pattern, grant.permission)
        for grant in client.list_role_permissions(role.id)
    }
    for grant in ROLES[name]:
        if grant not in granted:
            client.add_role_permission(role.id, *grant)
    return role
