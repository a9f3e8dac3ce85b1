"""JSON lines and lists, with every number as it is written."""

import io
import json

import pytest

from longhaul.data import json_lines
from longhaul.errors import LonghaulError


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('{"a": 1}\n{"a": 1.5}', [1.0, 1.5]),
        ('{"a": 1}\n{"a": "x"}', ["1", "x"]),
        ('{"a": "x"}\n{"a": 1.50}', ["x", "1.50"]),
        ('{"a": true}\n{"a": 0}', ["true", "0"]),
        ('{"a": 12345678901234567}\n{"a": null}', [12345678901234567, None]),
        ('{"a": 12345678901234567}\n{"a": 1.5}', ["12345678901234567", "1.5"]),
        (
            '{"a": 123456789012345678901234567890}\n{"a": 1}',
            ["123456789012345678901234567890", "1"],
        ),
        ('[{"a": 1}, {"a": 2}]', [1, 2]),
        ('{"a":\n 1}\n\n{"a": 2}\n', [1, 2]),
        ('\ufeff[{"a": 1.5}]', [1.5]),
        ('{"a": "007"}\n{"b": 1}', ["007", None]),
        ('{"a": 1}\n{"a": {"b": 1}}', ["1", '{"b": "1"}']),
        ('{"a": "2020-01-01T00:00:00+02:00"}', ["2020-01-01T00:00:00+02:00"]),
    ],
)
def test_values(text: str, values: list[object]) -> None:
    """A column of several types is one of texts."""
    read = json_lines.read(io.BytesIO(text.encode()), "a.json").column("a").to_pylist()
    assert read == values
    assert list(map(type, read)) == list(map(type, values))


def test_utf16() -> None:
    """As some programs of Windows write it."""
    body = json.dumps({"a": "é"}).encode("utf-16")
    assert json_lines.read(io.BytesIO(body), "a.json").column("a").to_pylist() == ["é"]


@pytest.mark.parametrize("text", ["[1, 2]", "1\n2", '{"a": 1', "x", "[]", '{"a": 1}{"a"}'])
def test_refused(text: str) -> None:
    """In one line."""
    with pytest.raises(LonghaulError, match="one object for each row"):
        json_lines.read(io.BytesIO(text.encode()), "a.json")
