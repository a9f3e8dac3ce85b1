"""Bearer tokens (RFC 6750): who may ask."""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from longhaul.errors import LonghaulError

MIN_TOKEN_LENGTH = 16
_SCHEME = b"bearer "


@dataclass(frozen=True)
class BearerTokens:
    """The tokens that open the door, kept as SHA-256 digests; none is a door without a lock."""

    digests: tuple[bytes, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.digests)

    def admit(self, authorization: bytes) -> bool:
        """Whether an ``Authorization`` header holds one of them.

        All are compared, each in a time that does not depend on where it differs.
        """
        if authorization[: len(_SCHEME)].lower() != _SCHEME:
            return False
        shown = sha256(authorization[len(_SCHEME) :].strip()).digest()
        return sum(hmac.compare_digest(shown, digest) for digest in self.digests) > 0


def load_tokens(path: Path | None, listed: str) -> BearerTokens:
    """Tokens from a file, one in a line, and from a text, separated by commas.

    Parameters
    ----------
    path : Path or None
        Blank lines, and those that start with ``#``, do not count.
    listed : str

    Raises
    ------
    LonghaulError
        When the file cannot be read or holds no token, or a token is too short to be a secret.
    """
    found = [token.strip() for token in listed.split(",") if token.strip()]
    if path is not None:
        found += _lines(path)
    for number, token in enumerate(found, start=1):
        if len(token) < MIN_TOKEN_LENGTH:
            raise LonghaulError(
                f"tokens: the {number}. of {len(found)} has {len(token)} characters; a token has"
                f" at least {MIN_TOKEN_LENGTH}, such as `openssl rand -hex 32` prints"
            )
    return BearerTokens(tuple(sha256(token.encode()).digest() for token in found))


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        raise LonghaulError(f"tokens: {path} cannot be read: {reason}") from None
    lines = [line.strip() for line in text.splitlines()]
    found = [line for line in lines if line and not line.startswith("#")]
    if not found:
        raise LonghaulError(f"tokens: {path} holds no token; write one in a line")
    return found
