"""Names of the columns of a request, against those that the model reads."""

import unicodedata
from collections.abc import Collection, Iterable

from longhaul.serving.http_errors import HttpError

_MOST = 10


def require_features(sent: Iterable[str], features: Collection[str]) -> None:
    """Refuse a request without a column that the model reads, or with one misspelt.

    Raises
    ------
    HttpError
        With status 400. It names the model's columns, not those of the request.
    """
    names = set(sent)
    if wrong := misspelt(names, features):
        listed = ", ".join(map(repr, wrong[:_MOST]))
        raise HttpError(
            400,
            "UNKNOWN_COLUMN",
            f"columns are sent with other blanks or in another case than the model's {listed}:"
            " write their names as these are",
        )
    if names and features and names.isdisjoint(features):
        listed = ", ".join(map(repr, list(features)[:_MOST]))
        more = f" and {len(features) - _MOST} more" if len(features) > _MOST else ""
        raise HttpError(
            400, "UNKNOWN_COLUMN", f"no column of the rows is one of the model's: {listed}{more}"
        )


def misspelt(sent: Collection[str], features: Collection[str]) -> list[str]:
    """List the features that were sent only in another case, or with other blanks."""
    lacking = {_key(name): name for name in features if name not in sent}
    if not lacking:
        return []
    known_as = {_key(name) for name in sent if name not in features}
    return [name for key, name in lacking.items() if key in known_as]


def _key(name: str) -> str:
    """Return what the spellings of a name have in common: not blanks, case or what is unseen."""
    seen = "".join(character for character in name if unicodedata.category(character) != "Cf")
    return unicodedata.normalize("NFKC", "".join(seen.split()).replace("_", "")).casefold()
