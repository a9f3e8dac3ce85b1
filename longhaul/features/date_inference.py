"""Inference of a date format from all texts of a column."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from longhaul.features import blanks, zone_mark
from longhaul.features.date_format import COMPACT, ISO, DateFormat, clean, reader
from longhaul.features.number_inference import tolerated

_DAYS = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y %m %d"),
    *("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%m.%d.%Y", "%d-%m-%Y", "%m-%d-%Y", "%d %m %Y"),
    *("%m/%d/%y", "%d/%m/%y", "%d.%m.%y", "%d-%m-%y", "%m-%d-%y"),
    *("%Y. %m. %d.", "%Y. %m. %d", "%Y.%m.%d.", "%d.%m.%Y.", "%d. %m. %Y"),
    *("%Y年%m月%d日", "%Y년 %m월 %d일", "%m%d%Y", "%d%m%Y"),
    *(
        "%d-%b-%Y",
        "%d-%b-%y",
        "%d %b %Y",
        "%d. %b %Y",
        "%d %b, %Y",
        "%d %b %y",
        "%d%b%Y",
        "%d/%b/%Y",
    ),
    *("%b %d, %Y", "%b %d %Y", "%Y-%b-%d", "%Y %b %d", "%d de %b de %Y", "%d.%b.%Y"),
    *("%b-%d-%Y", "%b/%d/%Y", "%Y/%b/%d", "%Y%b%d", "%d de %b %Y", "%b %d %y"),
    *("%b %Y", "%b-%Y", "%b-%y", "%Y %b", "%m/%Y", "%b/%Y", "%Y-%b"),
    *("%Y-Q%q", "%YQ%q", "%Y Q%q", "Q%q %Y", "Q%q/%Y", "Q%q-%Y", "%qQ%Y", "%qQ%y", "Q%q %y"),
    *("%G-W%V", "%GW%V", "%G-W%V-%u", "%GW%V%u", "W%V %G", "W%V/%G", "KW %V/%G", "KW%V/%G"),
    *("%YM%m", "%Y-M%m", "%Y-%j"),
    *(
        "%a, %d %b %Y",
        "%a %d %b %Y",
        "%a, %b %d, %Y",
        "%a %b %d %Y",
        "%a, %d. %b %Y",
        "%a, %d.%m.%Y",
        "%a %d.%m.%Y",
        "%a %m/%d/%Y",
        "%a %d/%m/%Y",
        "%a, %m/%d/%Y",
        "%a, %d/%m/%Y",
        "%a, %Y-%m-%d",
    ),
)
# The clock behind the day, and an offset from UTC; its spelling is made of the groups that match.
_CLOCK = re.compile(
    r"(?P<day>.*?\d[.日]?)(?P<gap>,? (?:- |at |um |a las |à )?|[T:_])(?P<hour>\d{1,2})"
    r"(?:(?P<colon>[:.hH])(?P<minute>\d\d)"
    r"(?:(?P<second>[:.]\d\d)(?:(?P<point>[.,])\d{1,9})?)?)?"
    r"(?P<half> ?[AaPp]\.? ?[Mm]\.?)?(?P<word> Uhr| hrs| h|h)?"
    rf"(?P<gap_before_zone> ?)(?P<zone>{zone_mark.PATTERN})?",
    re.ASCII,
)
_OTHERS = (
    "%a %b %d %H:%M:%S %Y",
    "%a %b %d %H:%M:%S %Z %Y",
    "%a %b %d %H:%M:%S %Y %z",
    "%a %b %d %H:%M:%S.%f %Y",
    "%a %b %d %H:%M:%S.%f %Y %z",
    "%Y%m%d%H%M%S",
    "%Y%m%d%H%M",
    "%H:%M %d.%m.%Y",
    "%H:%M:%S %d.%m.%Y",
    "%H:%M %d/%m/%Y",
    "%H:%M %m/%d/%Y",
    "%Y-%m-%d-%H.%M.%S.%f",
    "%Y-%m-%d-%H.%M.%S",
)
_MIRRORED = {
    **{"%m/%d": "%d/%m", "%d/%m": "%m/%d", "%m-%d": "%d-%m", "%d-%m": "%m-%d"},
    **{"%m%d": "%d%m", "%d%m": "%m%d"},
}
MOST_SPELLINGS = 3
LONGEST = 64
_SAMPLE, _LARGE = 40, 400


@dataclass(frozen=True)
class InferredDates:
    """Date format that was inferred.

    Attributes
    ----------
    format : DateFormat or None
        None where the column holds no times.
    notes : tuple of str
        What was assumed, or why a column that looks like times is none.
    """

    format: DateFormat | None
    notes: tuple[str, ...] = ()


_NONE = InferredDates(None)


def infer(texts: Sequence[str], counts: Sequence[int], comma: bool) -> InferredDates:
    """Infer the spellings of times.

    Parameters
    ----------
    texts : sequence of str
        The different texts of a column, in order of the rows.
    counts : sequence of int
        The rows of each.
    comma : bool
        Whether the table is written with decimal commas: then days come first, in doubt.
    """
    filled = {
        clean(text): int(rows)
        for text, rows in zip(texts, counts, strict=True)
        if not blanks.is_one_of(text, blanks.NO_DATE)
    }
    if not filled:
        return _NONE
    total, left = sum(filled.values()), list(filled)
    chosen: list[str] = []
    notes: list[str] = []
    while len(chosen) < MOST_SPELLINGS and sum(filled[text] for text in left) > tolerated(total):
        spelling, rest = _best(left, chosen, filled)
        if spelling is None or len(rest) == len(left):
            break
        mirrored = _mirror(spelling)
        if mirrored and not any(map(_mirror, chosen)):
            covered = [text for text in left if text not in set(rest)]
            spelling, note = _decide(spelling, mirrored, covered, comma)
            notes += [note] if note else []
            rest = _unread(left, spelling)
        chosen.append(spelling)
        left = rest
    unread = sum(filled[text] for text in left)
    examples = ", ".join(map(repr, left[:3]))
    if unread <= tolerated(total) and chosen:
        if left:
            notes.append(
                f"has values that are no times, and set aside: {examples} ({unread:,} of"
                f" {total:,} rows)"
            )
        if any("%y" in spelling for spelling in chosen):
            notes.append("has years of two digits: read as 1969 to 2068")
        return InferredDates(DateFormat(tuple(chosen)), tuple(notes))
    if unread <= total / 2 and chosen:
        share, written = 1 - unread / total, " | ".join(chosen)
        note = (
            f"looks like times: {share:.0%} of its values are read as {written}, not {examples};"
            f" it is not used as one: mend them, or write date {written}"
        )
        return InferredDates(None, (note,))
    return _NONE


def _best(
    texts: Sequence[str], chosen: Sequence[str], rows: dict[str, int]
) -> tuple[str | None, list[str]]:
    """Return the spelling that reads most of the texts, and those that it leaves."""
    sample = texts[:: max(1, len(texts) // _SAMPLE)]
    counts = Counter(spelling for text in sample for spelling in _spellings(text))
    barred = {_mirror(spelling) or _turned(spelling) for spelling in chosen} | set(chosen)
    likely = [(s, n) for s, n in counts.most_common() if s not in barred and n >= len(sample) / 4]
    wide = texts[:: max(1, len(texts) // _LARGE)]
    ranked = sorted((s for s, _ in likely), key=lambda s: len(_unread(wide, s)))[:3]
    scored = [(s, _unread(texts, s)) for s in ranked]
    return min(
        scored, key=lambda pair: sum(rows[text] for text in pair[1]), default=(None, [*texts])
    )


def _unread(texts: Sequence[str], spelling: str) -> list[str]:
    return [text for text in texts if not _reads(spelling, text)]


def _reads(spelling: str, text: str) -> bool:
    try:
        moment = reader(spelling)(text, "")
    except ValueError:
        return False
    if (
        spelling in COMPACT or text.isdigit()
    ):  # eight digits are a code rather than a day of the year 304
        return moment is not None and 1900 <= moment.year <= 2100
    return moment is not None


def _mirror(spelling: str) -> str:
    """Return a spelling with day and month in the other order; empty where that is none."""
    for order, other in _MIRRORED.items():
        if order in spelling and not spelling.startswith("%Y"):
            return spelling.replace(order, other)
    return ""


def _turned(spelling: str) -> str:
    """Return a spelling with points with day and month in the other order."""
    turned = {"%m.%d": "%d.%m", "%d.%m": "%m.%d"}
    return re.sub(r"%m\.%d|%d\.%m", lambda match: turned[match[0]], spelling)


def _decide(spelling: str, mirrored: str, texts: Sequence[str], comma: bool) -> tuple[str, str]:
    """Decide between day and month first, where both read all texts; say why."""
    if _unread(texts, mirrored):
        return spelling, ""
    day_first, month_first = sorted((spelling, mirrored), key=lambda s: s.index("%d"))
    by_day, by_month = (_times(texts, s) for s in (day_first, month_first))
    if _ascending(by_day) != _ascending(by_month) and len(texts) > 2:
        chosen, why = (
            (day_first if _ascending(by_day) else month_first),
            "so that the rows are in order",
        )
    elif len({time.day for time in by_day}) == 1 < len({time.month for time in by_day}):
        chosen, why = day_first, f"as the day is then always {by_day[0].day}"
    elif len({time.day for time in by_month}) == 1 < len({time.month for time in by_month}):
        chosen, why = month_first, f"as the day is then always {by_month[0].day}"
    elif comma:
        chosen, why = day_first, "as the table has decimal commas"
    else:
        chosen, why = month_first, "as nothing tells which is meant"
    other = month_first if chosen == day_first else day_first
    return chosen, (
        f"fits {other} as well, such as {texts[0]!r}: read as {chosen}, {why}; change the format if"
        " it is not"
    )


def _times(texts: Sequence[str], spelling: str) -> list[datetime]:
    read = reader(spelling)
    return [time for text in texts if (time := read(text, "")) is not None]


def _ascending(times: Sequence[datetime]) -> bool:
    return all(first <= second for first, second in pairwise(times))


def _spellings(text: str) -> list[str]:
    """List the spellings that read a text, the commonest first."""
    if len(text) > LONGEST or not any(map(str.isdigit, text)):
        return []
    match = _CLOCK.fullmatch(text)
    day, clock = (match["day"], _clock(match)) if match else (text, "")
    dated = [f"{spelling}{clock}" for spelling in _DAYS if _reads(spelling, day)] if day else []
    bare = [spelling for spelling in _DAYS if clock and _reads(spelling, text)]
    return [s for s in (ISO, *dated, *bare, *_OTHERS) if _reads(s, text)]


def _clock(match: re.Match[str]) -> str:
    """Return the spelling of the clock of a text."""
    half, second, point = match["half"] or "", match["second"], match["point"]
    return "".join(
        (
            match["gap"],
            "%I" if half else "%H",
            f"{match['colon']}%M" if match["minute"] else "",
            f"{second[0]}%S" if second else "",
            f"{point}%f" if point else "",
            " %p" if half.startswith(" ") else ("%p" if half else ""),
            match["word"] or "",
            f"{match['gap_before_zone']}%z" if match["zone"] else "",
        )
    )
