"""The server behind nginx: the configuration that the project ships, with TLS."""

import re
import shutil
import subprocess
from pathlib import Path

import mlflow
import pytest
import requests

from longhaul import process
from longhaul.tracking_server.settings import ServerSettings
from tests.lifecycles import REPOSITORY
from tests.ports import free_port
from tests.tracking_server import servers
from tests.tracking_server.servers import Tracking

pytestmark = pytest.mark.slow


def test_tls_ends_at_nginx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients log runs and artifacts through it by the name that was allowed, and no other."""
    if shutil.which("nginx") is None or shutil.which("openssl") is None:
        pytest.skip("nginx or openssl is not installed")
    port, name = free_port(), "localhost"
    monkeypatch.setenv("MLFLOW_AUTH_ADMIN_PASSWORD", servers.PASSWORD)
    server = Tracking(tmp_path)
    server.settings = ServerSettings(
        server.settings.storage, "127.0.0.1", server.settings.port, 1, (f"{name}:{port}",)
    )
    key = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", f"/CN={name}"]
    key += ["-addext", f"subjectAltName=DNS:{name}", "-keyout", "privkey.pem"]
    subprocess.run(
        ["openssl", *key, "-out", "fullchain.pem"], cwd=tmp_path, check=True, capture_output=True
    )
    shipped = (REPOSITORY / "deploy" / "nginx.conf").read_text()
    changes = {
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "mlflow.example.com": name,
        "/etc/ssl/longhaul": str(tmp_path),
        "http://127.0.0.1:5000": server.url,
        "Host $host;": "Host $http_host;",  # the port is not the usual one here
    }
    for old, new in changes.items():
        assert old in shipped
        shipped = shipped.replace(old, new)
    logs = f"pid {tmp_path}/nginx.pid; error_log {tmp_path}/error.log; daemon off;"
    folders = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (tmp_path / "nginx.conf").write_text(
        f"{logs} events {{}} http {{ access_log off; {folders}\n{shipped}\n}}"
    )
    server.start()
    nginx = process.start(["nginx", "-c", str(tmp_path / "nginx.conf")], tmp_path, tmp_path / "log")
    try:
        monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(tmp_path / "fullchain.pem"))
        server.url = f"https://{name}:{port}"
        with server.as_user(servers.ADMIN) as client:
            run = client.create_run("0").info.run_id
            client.log_text(run, "x" * 3_000_000, "large.txt")
            client.set_terminated(run)
            assert len(mlflow.artifacts.load_text(f"runs:/{run}/large.txt")) == 3_000_000
        answer = requests.get(
            f"{server.url}/api/2.0/mlflow/experiments/search?max_results=1",
            headers={"Host": "evil.example"},
            auth=(servers.ADMIN, servers.PASSWORD),
            verify=str(tmp_path / "fullchain.pem"),
            timeout=60,
        )
        assert answer.status_code == 403
    finally:
        process.stop(nginx)
        server.stop()


def test_every_shipped_name_is_consistent() -> None:
    """The server's port in nginx is the default one; the compose file names every secret once."""
    port = re.search(r"default: (\d+)} # where clients", (REPOSITORY / "MLproject").read_text())
    assert port
    assert f"http://127.0.0.1:{port[1]};" in (REPOSITORY / "deploy" / "nginx.conf").read_text()
    compose = (REPOSITORY / "deploy" / "compose.yaml").read_text()
    wanted = set(re.findall(r"(?<!\$)\$\{(\w+)", compose))
    given = re.findall(r"^(\w+)=", (REPOSITORY / "deploy" / "example.env").read_text(), re.M)
    assert wanted == set(given)
    assert len(given) == len(set(given))
