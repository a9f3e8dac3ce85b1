"""Thousands of malformed and hostile requests: refused, and the service none the worse."""

import json
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks import load
from tests.serving import services
from tests.serving.services import BODY, ROWS, Running

pytestmark = pytest.mark.slow

START = b"POST /invocations HTTP/1.1\r\n"
MARK = "zQ7mark"  # in what is sent, and never in what comes back
LIMITS = {"rows": 50, "bytes": 20_000, "seconds": 5.0}

SCALAR = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.sampled_from([MARK, 10**400, "1e400", "\ud800", "\x00", "2020-13-45", "9" * 400]),
)
VALUE = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["day", "calls", "plan", "age", "other", MARK, ""])
RECORDS = st.lists(st.dictionaries(NAMES, VALUE, max_size=5), max_size=4)
SPLIT = st.fixed_dictionaries(
    {},
    optional={
        "columns": st.lists(NAMES, max_size=5) | VALUE,
        "data": st.lists(st.lists(VALUE, max_size=5), max_size=4) | VALUE,
        "index": VALUE,
        MARK: VALUE,
    },
)
FORM = st.sampled_from(
    ["dataframe_split", "dataframe_records", "inputs", "instances", "params", "messages", MARK]
)
DOCUMENT = st.dictionaries(FORM, RECORDS | SPLIT | VALUE, max_size=3) | VALUE
SOUND = st.fixed_dictionaries(
    {"dataframe_records": st.lists(st.sampled_from(ROWS), min_size=1, max_size=60)},
    optional={"params": VALUE | st.fixed_dictionaries({"reasons": SCALAR})},
)
OUTCOMES = st.fixed_dictionaries(
    {
        "outcomes": VALUE
        | st.lists(st.dictionaries(st.sampled_from(["request", "row", "outcome", MARK]), VALUE))
    }
)
JSON = (DOCUMENT | SOUND | OUTCOMES).map(lambda it: json.dumps(it).encode())
BROKEN = st.tuples(JSON, st.integers(0, 50), st.binary(max_size=4)).map(
    lambda it: it[0][: it[1]] + it[2] + it[0][it[1] + 1 :]
)
CSV = st.lists(st.lists(SCALAR.map(str), max_size=5).map(",".join), max_size=5).map("\n".join)
BODIES = st.one_of(
    JSON,
    BROKEN,
    st.binary(max_size=200),
    CSV.map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from(
        [b"[" * 19_000, b'{"dataframe_records":' * 900, b"0" * 30_000, b"1,2\n" * 4000]
    ),
)
KINDS = st.sampled_from(
    [b"application/json"] * 6
    + [b"text/csv"] * 2
    + [b"", b"application/json; charset=latin-1", b"application/vnd.apache.parquet", MARK.encode()]
)
METHODS = st.sampled_from([b"POST"] * 12 + [b"GET", b"PUT", b"DELETE", b"HEAD", b"OPTIONS"])
PATHS = st.sampled_from(
    [b"/invocations"] * 12
    + [b"/outcomes"] * 3
    + [b"/metrics", b"/health", b"/docs", b"/openapi.json", b"/" + MARK.encode()]
    + [b"/static-offline-docs/../../../etc/passwd", b"/invocations/", b"//invocations", b"/%00"]
)
HEADERS = st.lists(
    st.sampled_from(
        [
            b"X-Request-Id: " + MARK.encode() * 20,
            b"X-Request-Id: \xff",
            b"Authorization: Bearer " + MARK.encode(),
            b"Content-Encoding: gzip",
            b"Expect: 100-continue",
            b"Accept: " + MARK.encode(),
            b"Cookie: " + b"x" * 5000,
        ]
    ),
    max_size=2,
)


@pytest.fixture(scope="module")
def running(says: dict[str, list[float]], shared: Path) -> Iterator[Running]:
    with services.serving(shared / "record", limits=LIMITS) as service:
        yield service


def wire(method: bytes, path: bytes, kind: bytes, headers: list[bytes], body: bytes) -> bytes:
    """A request as it goes over the wire."""
    lines = [method + b" " + path + b" HTTP/1.1", b"Host: x", *headers]
    lines += [b"Content-Type: " + kind] if kind else []
    return b"\r\n".join([*lines, b"Content-Length: %d" % len(body), b"", body])


def check(answer: load.Answer, method: bytes) -> None:
    """Nothing but a deliberate refusal, in one line, of what was sent nothing."""
    assert answer.status < 500 or answer.status == 503, answer
    assert MARK.encode() not in answer.body, answer
    assert b"Traceback" not in answer.body
    if (
        answer.status >= 400
        and method != b"HEAD"
        and answer.body != b"Invalid HTTP request received."
    ):
        assert set(json.loads(answer.body)) == {"error_code", "message"}
        assert answer.body.count(b"\n") == 1


@pytest.mark.parametrize("requests", [1000, pytest.param(10_000, marks=pytest.mark.nightly)])
def test_hostile_requests(running: Running, requests: int) -> None:
    """Whatever comes, there is no error of the service's own and no echo."""
    seen = Counter()

    @settings(
        max_examples=requests, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(METHODS, PATHS, KINDS, HEADERS, BODIES)
    def ask(method: bytes, path: bytes, kind: bytes, headers: list[bytes], body: bytes) -> None:
        with load.Client(running.port) as client:
            if method == b"HEAD":
                return
            answer = client.ask(wire(method, path, kind, headers, body))
        seen[answer.status] += 1
        check(answer, method)

    ask()
    assert {200, 400, 404, 405, 413, 415} <= set(seen), seen
    assert running.post(BODY).status_code == 200
    assert not [line for line in running.get("/metrics").text.splitlines() if "INTERNAL" in line]


def test_broken_http(running: Running) -> None:
    """What is not HTTP is refused or cut off, and the next client is served."""
    for sent in (
        b"\x00" * 1000,
        b"GET\r\n\r\n",
        START + b"Content-Length: -1\r\n\r\n",
        START + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nZ\r\n",
        START + b"Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 100_000,
    ):
        with socket.create_connection(("127.0.0.1", running.port), 10) as client:
            client.sendall(sent)
    assert running.post(BODY).status_code == 200
