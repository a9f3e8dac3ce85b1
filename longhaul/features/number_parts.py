"""Parts of a number as people write it: sign, currency, digits, unit."""

import re
import unicodedata
from dataclasses import dataclass

from longhaul.features.month_names import month
from longhaul.features.number_format import unify

_PATTERN = re.compile(
    r"(?P<sign>[+-]?) ?(?P<open>\(?) ?(?P<before>[^\d()+\-.,' ][^\d()+\-,']{0,8}?)?"
    r" ?(?P<inner>[+-]?)(?P<opened>\(?) ?"
    r"(?P<core>(?:(?:(?<![^\W\d_])[.,])?\d[\d.,' ]*?)(?:[eE][+-]?\d+)?)"
    r" ?(?P<closed>\)?)(?P<tail>[+-]?)"
    r"(?P<after> ?[^\d()+\-.,' ][^\d()+\-,]{0,11}| [^\W\d_]\w{0,7}[²³]?)?(?P<close>\)?)"
)
_CURRENCIES = frozenset(
    {
        *(
            "USD",
            "EUR",
            "GBP",
            "CHF",
            "JPY",
            "CNY",
            "RMB",
            "INR",
            "AUD",
            "CAD",
            "NZD",
            "SEK",
            "NOK",
        ),
        *(
            "DKK",
            "ISK",
            "PLN",
            "CZK",
            "HUF",
            "RON",
            "RUB",
            "UAH",
            "TRY",
            "BRL",
            "MXN",
            "ZAR",
            "KRW",
        ),
        *(
            "SGD",
            "HKD",
            "TWD",
            "THB",
            "IDR",
            "MYR",
            "PHP",
            "VND",
            "AED",
            "SAR",
            "ILS",
            "EGP",
            "NGN",
        ),
        *("ARS", "CLP", "COP", "PEN", "Rs", "Rs.", "R$", "US$", "A$", "C$", "NZ$", "HK$", "S$"),
        *("kr", "kr.", "Fr", "Fr.", "SFr.", "zł", "Kč", "Ft", "lei", "R", "RM", "円", "元", "원"),
    }
)
_UNITS = frozenset(
    {
        *(
            "%",
            "‰",
            "pp",
            "°",
            "°C",
            "°F",
            "g",
            "kg",
            "mg",
            "t",
            "lb",
            "lbs",
            "oz",
            "m",
            "km",
            "cm",
            "mm",
        ),
        *(
            "mi",
            "ft",
            "in",
            "ml",
            "cl",
            "l",
            "L",
            "s",
            "ms",
            "min",
            "h",
            "d",
            "kW",
            "kWh",
            "W",
            "V",
        ),
        *("A", "Hz", "kHz", "MHz", "GHz", "B", "kB", "KB", "MB", "GB", "TB", "mph", "km/h", "px"),
        *("pt", "x", "k", "K", "M"),
    }
)


@dataclass(frozen=True)
class NumberParts:
    """Parts of one text, with the number of its rows.

    Attributes
    ----------
    text : str
    rows : int
    before, core, after : str
        Currency, digits with their signs, and unit.
    negative : str
        ``(`` or ``trailing`` where the minus is written so, ``+`` where a plus stands behind;
        else empty.
    signed : bool
    """

    text: str
    rows: int
    before: str
    core: str
    after: str
    negative: str
    signed: bool


def is_currency(affix: str) -> bool:
    """Return whether what stands around a number is a currency."""
    return affix in _CURRENCIES or unicodedata.category(affix[:1] or "a") == "Sc"


def split(text: str, rows: int) -> NumberParts | None:
    """Split a text into parts; None where it is no number with a currency or a unit."""
    bare = unify(text)
    match = _PATTERN.fullmatch(bare)
    if match is None:
        return None
    before, after = (match["before"] or "").strip(), (match["after"] or "")
    if before and not is_currency(before):
        return None
    attached = after.strip() in _UNITS or is_currency(after.strip())
    if after and not attached and bare[match.start("after") - 1] != " " and after[0] != " ":
        return None
    if month(after) or after.strip().lower() in {"am", "pm"}:
        return None
    opened = match["open"] + match["opened"]
    signs = match["sign"] + match["inner"] + match["tail"]
    if len(opened) != len(match["closed"] + match["close"]) or len(opened) + len(signs) > 1:
        return None
    negative = "(" if opened else {"-": "trailing", "+": "+"}.get(match["tail"], "")
    return NumberParts(
        text, rows, before, match["core"].strip(), after.strip(), negative, bool(signs or opened)
    )
