"""Equal digests for equal inputs, other digests for other ones."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from longhaul.pipeline.fingerprint import fingerprint

PARAMETERS = st.dictionaries(st.text(min_size=1), st.text(), max_size=5)


@given(PARAMETERS, PARAMETERS)
def test_equal_exactly_when_parameters_are(one: dict[str, str], other: dict[str, str]) -> None:
    """Two sets of parameters share a digest only when they are the same set."""
    same = fingerprint("run", one, {}, "") == fingerprint("run", other, {}, "")
    assert same == (one == other)


@given(PARAMETERS)
def test_order_is_no_difference(parameters: dict[str, str]) -> None:
    """The order in which parameters are given does not matter."""
    backwards = dict(reversed(parameters.items()))
    assert fingerprint("run", parameters, {}, "") == fingerprint("run", backwards, {}, "")


def test_every_part_counts() -> None:
    """Command, files and state each change the digest; what has no effect does not."""
    base = fingerprint("run", {"a": "1"}, {"f.py": "00"}, "")
    assert fingerprint("walk", {"a": "1"}, {"f.py": "00"}, "") != base
    assert fingerprint("run", {"a": "1"}, {"f.py": "01"}, "") != base
    assert fingerprint("run", {"a": "1"}, {"f.py": "00"}, "x") != base
    assert fingerprint("run", {"a": "1", "threads": "2"}, {"f.py": "00"}, "") == base


def test_a_file_counts_by_its_content(tmp_path: Path) -> None:
    """The same file in another folder is the same; another content is not."""
    for folder, text in (("one", "x"), ("two", "x"), ("three", "y")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "problem.yaml").write_text(text)

    def digest(folder: str) -> str:
        return fingerprint("run", {"p": str(tmp_path / folder / "problem.yaml")}, {}, "")

    assert digest("one") == digest("two") != digest("three")
