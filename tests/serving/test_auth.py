"""Tokens open the door to whoever knows one of them, and to nobody else."""

from pathlib import Path

import pytest

from longhaul.errors import LonghaulError
from longhaul.serving import auth
from longhaul.serving.settings import ServiceSettings

FIRST, SECOND = "first-token-of-sixteen", "second-token-of-sixteen"


def test_admit(tmp_path: Path) -> None:
    """Each of several tokens is as good as another; their digests are all that is kept."""
    file = tmp_path / "tokens.txt"
    file.write_text(f"# of the test\n\n {FIRST} \n")
    known = auth.load_tokens(file, f"{SECOND},")
    for header in (f"Bearer {FIRST}", f"bearer  {SECOND} "):
        assert known.accepts(header.encode())
    for header in (
        "",
        FIRST,
        f"Basic {FIRST}",
        f"Bearer {FIRST}x",
        f"Bearer {FIRST[:-1]}",
        "Bearer ",
    ):
        assert not known.accepts(header.encode())
    assert not known.accepts(b"Bearer \xff")
    assert FIRST not in repr(known)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, r"tokens: .*tokens.txt cannot be read: .*No such file"),
        ("# nothing\n", r"tokens: .*tokens.txt holds no token; write one token per line"),
        (f"{FIRST}\nshort\n", r"tokens: token 2 of 2 has 5 characters, fewer than the 16 required"),
    ],
)
def test_bad_file(tmp_path: Path, text: str | None, said: str) -> None:
    """One line says what is wrong with a file of tokens, without a token in it."""
    file = tmp_path / "tokens.txt"
    if text is not None:
        file.write_text(text)
    with pytest.raises(LonghaulError, match=said) as caught:
        auth.load_tokens(file, "")
    assert FIRST not in str(caught.value)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_other_machines_need_a_token(tmp_path: Path, host: str) -> None:
    """A service that others can reach does not start without a lock; on this machine it does."""
    with pytest.raises(LonghaulError, match="can be reached from other machines"):
        ServiceSettings("models:/m/1", tmp_path, host=host).check()
    ServiceSettings(
        "models:/m/1", tmp_path, host=host, tokens=auth.load_tokens(None, FIRST)
    ).check()
    ServiceSettings("models:/m/1", tmp_path).check()
