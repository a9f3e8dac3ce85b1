"""Names of months in several languages, without their accents and points."""

import re
import unicodedata

# Full names; all first letters down to three mean the same month, where no two months share them.
_NAMES = (
    "january january januar janvier enero gennaio janeiro januari styczen leden tammikuu jan",
    "february februar fevrier febrero febbraio fevereiro februari luty unor feb fev fevr",
    "march marz maerz mars marzo marco maart mrt mar mrz",
    "april avril abril aprile apr abr avr",
    "may mai mayo maggio maio mei maj mag",
    "june juni juin junio giugno junho jun giu",
    "july juli juillet julio luglio julho jul juil lug",
    "august aout agosto augustus augusti aug ago aou",
    "september septembre septiembre setiembre settembre setembro sep sept set",
    "october oktober octobre octubre ottobre outubro oct okt ott out",
    "november novembre noviembre novembro nov",
    "december dezember decembre diciembre dicembre dezembro dec dez dic",
)
_MONTHS = {name: number for number, names in enumerate(_NAMES, 1) for name in names.split()}
_WORD = re.compile(r"[^\W\d_]+")


def month(name: str) -> int | None:
    """Return the number of a month by its name, full or short; None if it is no such name."""
    return _MONTHS.get(_bare(name))


def has_month(text: str) -> bool:
    """Return whether a word of a text is the name of a month."""
    return any(_bare(word) in _MONTHS for word in _WORD.findall(text))


def _bare(name: str) -> str:
    """Remove case, accents and a point at the end."""
    parts = unicodedata.normalize("NFKD", name.strip().rstrip(".").lower())
    return "".join(character for character in parts if not unicodedata.combining(character))
