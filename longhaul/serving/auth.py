"""Authentication of requests by bearer tokens (RFC 6750)."""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from longhaul.errors import LonghaulError

MIN_TOKEN_LENGTH = 16
_SCHEME = b"bearer "


@dataclass(frozen=True)
class BearerTokens:
    """Accepted tokens, kept as SHA-256 digests; without any, no authentication is required."""

    digests: tuple[bytes, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.digests)

    def accepts(self, authorization: bytes) -> bool:
        """Return whether an ``Authorization`` header holds an accepted token.

        It is compared with all of them, each in a time that does not depend on where they differ.
        """
        if authorization[: len(_SCHEME)].lower() != _SCHEME:
            return False
        sent = sha256(authorization[len(_SCHEME) :].strip()).digest()
        return sum(hmac.compare_digest(sent, digest) for digest in self.digests) > 0


def load_tokens(path: Path | None, listed: str) -> BearerTokens:
    """Load tokens from a file, one per line, and from a text, separated by commas.

    Parameters
    ----------
    path : Path or None
        Blank lines and lines that start with ``#`` are skipped.
    listed : str

    Raises
    ------
    LonghaulError
        When the file cannot be read or holds no token, or a token is too short to be a secret.
    """
    tokens = [token.strip() for token in listed.split(",") if token.strip()]
    if path is not None:
        tokens += _read_lines(path)
    for number, token in enumerate(tokens, start=1):
        if len(token) < MIN_TOKEN_LENGTH:
            raise LonghaulError(
                f"tokens: token {number} of {len(tokens)} has {len(token)} characters, fewer than"
                f" the {MIN_TOKEN_LENGTH} required; make a longer one, such as with"
                " `openssl rand -hex 32`"
            )
    return BearerTokens(tuple(sha256(token.encode()).digest() for token in tokens))


def _read_lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        raise LonghaulError(f"tokens: {path} cannot be read: {reason}") from None
    lines = [line.strip() for line in text.splitlines()]
    tokens = [line for line in lines if line and not line.startswith("#")]
    if not tokens:
        raise LonghaulError(f"tokens: {path} holds no token; write one token per line")
    return tokens
