"""Names of months in several languages, without their accents and points."""

import re
import unicodedata

# Full names; all first letters down to three mean the same month, where no two months share them.
_NAMES = (
    (
        "january januar janvier enero gennaio janeiro januari styczen leden tammikuu jan stycznia "
        "ledna tammikuuta ocak oca ianuarie januara января январь янв sty"
    ),
    (
        "february februar fevrier febrero febbraio fevereiro februari luty unor feb fev fevr "
        "lutego unora helmikuu helmikuuta subat sub februarie февраля февраль фев lut"
    ),
    (
        "march marz maerz mars marzo marco maart mrt mar mrz marzec marca brezen brezna maaliskuu "
        "maaliskuuta marts martie marcius марта март мар"
    ),
    (
        "april avril abril aprile apr abr avr kwiecien kwietnia duben dubna huhtikuu huhtikuuta "
        "nisan nis aprilie aprilis апреля апрель апр kwi"
    ),
    (
        "may mai mayo maggio maio mei maj mag maja kveten kvetna toukokuu toukokuuta mayis majus "
        "мая маи"
    ),
    (
        "june juni juin junio giugno junho jun giu czerwiec czerwca cerven cervna kesakuu "
        "kesakuuta haziran haz iunie junius июня июнь июн cze"
    ),
    (
        "july juli juillet julio luglio julho jul juil lug lipiec lipca cervenec cervence "
        "heinakuu heinakuuta temmuz tem iulie julius июля июль июл lip"
    ),
    (
        "august aout agosto augustus augusti aug ago aou sierpien sierpnia srpen srpna elokuu "
        "elokuuta agustos avgust августа август авг sie"
    ),
    (
        "september septembre septiembre setiembre settembre setembro sep sept set wrzesien "
        "wrzesnia zari syyskuu syyskuuta eylul eyl septembrie szeptember сентября сентябрь сен "
        "wrz"
    ),
    (
        "october oktober octobre octubre ottobre outubro oct okt ott out pazdziernik pazdziernika "
        "rijen rijna lokakuu lokakuuta ekim eki octombrie октября октябрь окт paz"
    ),
    (
        "november novembre noviembre novembro nov listopad listopada listopadu marraskuu "
        "marraskuuta kasim kas noiembrie ноября ноябрь ноя lis"
    ),
    (
        "december dezember decembre diciembre dicembre dezembro dec dez dic grudzien grudnia "
        "prosinec prosince joulukuu joulukuuta aralik ara decembrie декабря декабрь дек gru"
    ),
)
_MONTHS = {name: number for number, names in enumerate(_NAMES, 1) for name in names.split()}
_LETTERS = str.maketrans({"ı": "i", "ł": "l"})  # which have no accent to remove
_WORD = re.compile(r"[^\W\d_]+")


def month(name: str) -> int | None:
    """Return the number of a month by its name, full or short; None if it is no such name."""
    return _MONTHS.get(_bare(name))


def has_month(text: str) -> bool:
    """Return whether a word of a text is the name of a month."""
    return any(_bare(word) in _MONTHS for word in _WORD.findall(text))


def _bare(name: str) -> str:
    """Remove case, accents and a point at the end."""
    plain = name.strip().rstrip(".").lower().translate(_LETTERS)
    parts = unicodedata.normalize("NFKD", plain)
    return "".join(character for character in parts if not unicodedata.combining(character))
