"""Where a server keeps things, and what it refuses to be."""

from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from longhaul.errors import LonghaulError
from longhaul.tracking_server import artifacts
from longhaul.tracking_server.settings import (
    ServerSettings,
    ServerStorage,
    require_admin,
    resolve_storage,
)

STORE = ServerStorage(Path("x"), "sqlite:///x", "x")


def test_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the folder, or as named from the caller's on; the password from the environment."""
    home = tmp_path / "server"
    assert resolve_storage("server", "", "", tmp_path) == (
        *(home, f"sqlite:///{home}/mlflow.db", f"{home}/artifacts"),
    )
    found = resolve_storage("server", "sqlite:///a.db", "kept", tmp_path)
    assert found == (home, f"sqlite:///{tmp_path}/a.db", f"{tmp_path}/kept")
    monkeypatch.setenv("DATABASE_PASSWORD", "secret")
    named = resolve_storage(
        "s", "postgresql://u:${DATABASE_PASSWORD}@h/d", "s3://bucket/x", tmp_path
    )
    assert named[1:] == ("postgresql://u:secret@h/d", "s3://bucket/x")


@pytest.mark.parametrize(
    ("database", "message"),
    [
        ("postgresql://u:secret@h/d", "would be kept by MLflow for all to read"),
        ("postgresql://u:${NO_SUCH_NAME}@h/d", "NO_SUCH_NAME is not set in the environment"),
        ("mlflow.db", "not an address such as postgresql"),
        ("http://host", "not an address such as postgresql"),
        ("postgresql://u@h:port/d", "not the address of a database"),
    ],
)
def test_databases_that_are_none(tmp_path: Path, database: str, message: str) -> None:
    """One line; no password in it."""
    with pytest.raises(LonghaulError, match=message) as refused:
        resolve_storage("server", database, "", tmp_path)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("password", ["a@b", "a/b:c", "100%", "%40", "ü ?#"])
def test_a_password_is_given_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    """Whatever signs it has, it is what the database will be told."""
    monkeypatch.setenv("DATABASE_PASSWORD", password)
    found = resolve_storage("s", "postgresql://u:${DATABASE_PASSWORD}@h/d", "", tmp_path)
    url = make_url(found.database)
    assert (url.username, url.password, url.host, url.database) == ("u", password, "h", "d")


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("::", "[::1]"),
        ("h.example", "h.example"),
    ],
)
def test_where_a_client_on_this_machine_finds_it(host: str, url: str) -> None:
    """Also when it listens everywhere."""
    assert ServerSettings(STORE, host, 5000, 1).url == f"http://{url}:5000"


def test_without_users_only_on_this_machine() -> None:
    """Whatever the host is called."""
    for host in ("127.0.0.1", "localhost", "::1"):
        assert ServerSettings(STORE, host, 1, 1, users=False).users is False
    for host in ("0.0.0.0", "10.0.0.1", "mlflow.example"):
        with pytest.raises(LonghaulError, match="users=false is refused"):
            ServerSettings(STORE, host, 1, 1, users=False)


def test_the_first_administrator_needs_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless there are users."""
    monkeypatch.delenv("MLFLOW_AUTH_ADMIN_PASSWORD", raising=False)
    with pytest.raises(LonghaulError, match="set MLFLOW_AUTH_ADMIN_PASSWORD"):
        require_admin(has_users=False)
    require_admin(has_users=True)


def test_a_place_of_artifacts_is_looked_at(tmp_path: Path) -> None:
    """Before the server starts: made, or one line."""
    artifacts.check_access(str(tmp_path / "new" / "place"))
    assert (tmp_path / "new" / "place").is_dir()
    (tmp_path / "file").touch()
    for wrong in (str(tmp_path / "file"), "nosuch://place"):
        with pytest.raises(LonghaulError, match=r"^artifacts: ") as refused:
            artifacts.check_access(wrong)
        assert "\n" not in str(refused.value)
