"""A real S3-compatible object store of a test's own (SeaweedFS), on free ports."""

import json
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from longhaul import process
from tests.ports import free_port

KEY, SECRET, BUCKET = "longhaul", "secret", "artifacts"
START_SECONDS = 300


@contextmanager
def store(home: Path) -> Iterator[str]:
    """The address of a bucket; for the length of the block the environment has the key to it."""
    weed = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
    if weed is None:
        pytest.skip("SeaweedFS is not installed")
    rights = ["Admin", "Read", "Write", "List", "Tagging"]
    keys = [{"accessKey": KEY, "secretKey": SECRET}]
    identity = {"name": KEY, "credentials": keys, "actions": rights}
    (home / "s3.json").write_text(json.dumps({"identities": [identity]}))
    (home / "data").mkdir()
    port = free_port()
    command = [weed, "server", f"-dir={home}/data", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]
    command += [f"-master.port={free_port()}", f"-master.port.grpc={free_port()}"]
    command += [f"-volume.port={free_port()}", f"-volume.port.grpc={free_port()}"]
    command += ["-filer", f"-filer.port={free_port()}", f"-filer.port.grpc={free_port()}"]
    command += ["-s3", f"-s3.port={port}", f"-s3.port.grpc={free_port()}"]
    command += [f"-s3.config={home}/s3.json", "-master.volumeSizeLimitMB=64"]
    server = process.start(command, home, home / "log")
    url = f"http://127.0.0.1:{port}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", KEY)
        patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("MLFLOW_S3_ENDPOINT_URL", url)
        try:
            _wait(url)
            yield f"s3://{BUCKET}"
        finally:
            process.stop(server)


def _wait(url: str) -> None:
    """Wait until the store takes a bucket."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            boto3.client("s3", endpoint_url=url).create_bucket(Bucket=BUCKET)
            return
        except (BotoCoreError, ClientError):
            assert time.monotonic() < deadline
            time.sleep(0.5)
