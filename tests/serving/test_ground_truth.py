"""Reports of outcomes are read strictly; what is wrong is said without repeating it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from longhaul.serving import compaction, metrics, wal_format
from longhaul.serving.ground_truth import GroundTruthEndpoint
from longhaul.serving.http_errors import HttpError
from longhaul.serving.metrics import ServiceMetrics
from longhaul.serving.recorder import Recorder
from longhaul.serving.settings import RequestLimits
from longhaul.task_type import TaskType


def post(
    folder: Path, body: bytes, kind: bytes = b"application/json", told: TaskType = "binary"
) -> list[dict[str, Any]]:
    """What the endpoint sends."""
    metrics.share_folder(folder / "metrics")
    own, sent = ServiceMetrics(), []
    endpoint = GroundTruthEndpoint(
        lambda: told, Recorder(folder, 1000, "refuse", own), RequestLimits(rows=2), own
    )

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "headers": [(b"content-type", kind)]}
    asyncio.run(endpoint(scope, receive, send))
    return sent


def test_on_record(tmp_path: Path) -> None:
    """What is accepted is in the journal; the row is the first unless another is named."""
    start, end = post(tmp_path, b'{"outcomes": [{"request": "a.b-c_1", "outcome": true}]}')
    assert (start["status"], end["body"]) == (202, b"")
    (journal,) = compaction.pending_wals(tmp_path)
    said = wal_format.parse_line(journal.read_bytes().strip())
    assert said["outcomes"] == [["a.b-c_1", 0, True]]
    assert abs(pd.Timestamp.now("UTC").timestamp() - said["at"]) < 60


@pytest.mark.parametrize(
    ("body", "status", "where"),
    [
        (b"secret", 400, "the body: not JSON"),
        (b'["secret"]', 400, "the body: "),
        (b'{"outcomes": []}', 400, "outcomes: "),
        (b'{"outcomes": "secret"}', 400, "outcomes: "),
        (b'{"outcomes": [{"outcome": true}]}', 400, "outcomes.0.request: "),
        (b'{"outcomes": [{"request": "a", "outcome": "secret"}]}', 400, "outcomes.0.outcome: "),
        (b'{"outcomes": [{"request": "a", "outcome": 1}]}', 400, "outcomes.0.outcome: "),
        (b'{"outcomes": [{"request": "a secret", "outcome": true}]}', 400, "outcomes.0.request: "),
        (b'{"outcomes": [{"request": "a", "row": -1, "outcome": true}]}', 400, "outcomes.0.row: "),
        (b'{"outcomes": [{"request": "a", "outcome": true, "secret": 1}]}', 400, "outcomes.0: "),
        (json.dumps({"outcomes": [{"request": "a", "outcome": True}] * 3}).encode(), 413, "3 rows"),
    ],
)
def test_refused(tmp_path: Path, body: bytes, status: int, where: str) -> None:
    """The place and the reason, in words of ours; nothing is on record."""
    with pytest.raises(HttpError) as caught:
        post(tmp_path, body)
    assert status == caught.value.status
    assert caught.value.message.startswith(where)
    assert "secret" not in caught.value.message
    assert compaction.pending_wals(tmp_path) == []


def test_only_json(tmp_path: Path) -> None:
    """Anything else is 415."""
    with pytest.raises(HttpError) as caught:
        post(tmp_path, b"request,outcome\na,1\n", b"text/csv")
    assert caught.value.status == 415


@pytest.mark.parametrize(
    ("told", "good", "bad"),
    [
        ("binary", "true", '"yes"'),
        ("multiclass", '"setosa"', "true"),
        ("regression", "3.5", '"3.5"'),
        ("regression", "3", "1e999"),
    ],
)
def test_outcomes_are_of_the_kind_that_is_predicted(
    tmp_path: Path, told: TaskType, good: str, bad: str
) -> None:
    """A truth, the name of a class, or a number."""
    body = '{"outcomes": [{"request": "a", "outcome": %s}]}'
    start, _ = post(_new(tmp_path, "good"), (body % good).encode(), told=told)
    assert start["status"] == 202
    with pytest.raises(HttpError) as refused:
        post(_new(tmp_path, "bad"), (body % bad).encode(), told=told)
    assert refused.value.message.startswith("outcomes.0.outcome: ")


def _new(folder: Path, name: str) -> Path:
    path = folder / name
    path.mkdir()
    return path
