"""Inference of a number format from all texts of a column."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from longhaul.features import blanks
from longhaul.features.number_format import PLAIN, TRUTH, NumberFormat, core
from longhaul.features.number_parts import NumberParts, is_currency, split

TOLERANCE = 0.01  # the share of rows that may be set aside
EXACT = 2**53  # whole numbers beyond it are not exact as floats
FEW_ROWS = 20
_SAMPLE = 200
_WORDS = 3  # so many different words without digits may be proposed as blanks
_MANY = 20
_BARE_EXPONENT = re.compile(r"\d+[eE]\d+", re.ASCII)
_CODE = re.compile(r"0\d+([.,]\d+)?", re.ASCII)


@dataclass(frozen=True)
class InferredNumbers:
    """Number format that was inferred.

    Attributes
    ----------
    format : NumberFormat or None
        None where the column holds no numbers.
    blank : tuple of str
        Words that are proposed as blanks.
    notes : tuple of str
        What was assumed, or why a column that looks like numbers is none.
    ambiguous : bool
        Whether commas or points may stand between thousands or before decimals.
    decimal : str
        The decimal sign, where it is beyond doubt; else empty.
    """

    format: NumberFormat | None
    blank: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    ambiguous: bool = False
    decimal: str = ""


_NONE = InferredNumbers(None)


def infer(
    texts: Sequence[str], counts: Sequence[int], comma: bool, evident: bool = False
) -> InferredNumbers:
    """Infer the format of numbers.

    Parameters
    ----------
    texts : sequence of str
        The different texts of a column.
    counts : sequence of int
        The rows of each.
    comma : bool
        Whether a comma is the decimal sign where the column itself does not say.
    evident : bool
        Whether other columns of the table show that it is.
    """
    if not _may_be_numbers(texts):
        return _NONE
    filled = [
        (text, int(rows))
        for text, rows in zip(texts, counts, strict=True)
        if not blanks.is_one_of(text, blanks.NO_NUMBER)
    ]
    if not filled:
        return _NONE
    if all(text.strip().lower() in TRUTH for text, _ in filled):
        return InferredNumbers(PLAIN)
    divided = [(text, rows, split(text, rows)) for text, rows in filled]
    parts = [part for _, _, part in divided if part is not None]
    odd = {text: rows for text, rows, part in divided if part is None}
    total = sum(rows for _, rows in filled)
    if refusal := _no_numbers(parts):
        return InferredNumbers(None, notes=tuple(filter(None, refusal)))
    return _choose(parts, odd, total, comma, evident)


def _may_be_numbers(texts: Sequence[str]) -> bool:
    """Return whether half of a sample of the texts may be numbers."""
    sample = texts[:: max(1, len(texts) // _SAMPLE)]
    present = [text for text in sample if not blanks.is_one_of(text, blanks.NO_NUMBER)]
    numbers = [text for text in present if text.strip().lower() in TRUTH or split(text, 1)]
    return len(numbers) >= len(present) / 2


def _no_numbers(parts: Sequence[NumberParts]) -> tuple[str, ...]:
    """Return why texts that look like numbers are none; nothing where they may be some."""
    code = next((part for part in parts if _CODE.fullmatch(part.core)), None)
    if code is not None and (code.before or code.after or code.negative):
        return ("",)
    if code is not None:
        return (f"has leading zeros, such as {code.text!r}: codes, kept as text",)
    large = next((part for part in parts if _digits(part.core) and int(part.core) > EXACT), None)
    if large is not None:
        return (f"has whole numbers beyond 2^53, such as {large.text!r}: kept exact, as text",)
    dialled = all(part.text.strip().startswith("+") and len(part.core) > 6 for part in parts)
    if parts and dialled:
        return (f"looks like phone numbers, such as {parts[0].text!r}: kept as text",)
    bare = [part for part in parts if _BARE_EXPONENT.fullmatch(part.core)]
    if bare and not any(part.signed or {".", ","} & set(part.core) for part in parts):
        return (f"has codes such as {bare[0].text!r}: kept as text",)
    return ()


def _digits(text: str) -> bool:
    return len(text) > 15 and text.isascii() and text.isdigit()


def _choose(
    parts: Sequence[NumberParts], odd: dict[str, int], total: int, comma: bool, evident: bool
) -> InferredNumbers:
    """Choose affixes and signs, and judge what they leave unread."""
    before, after = _affix(parts, "before"), _affix(parts, "after")
    after = "" if after == before else after
    notes: list[str] = []
    fitting, foreign, bare = [], dict(odd), Counter[str]()
    behind = any(part.negative == "trailing" for part in parts)
    for part in parts:
        if part.negative == "+" and not behind:  # 5+ is 5 or more
            foreign[part.text] = part.rows
        elif part.before in ("", before) and part.after in ("", after):
            fitting.append(part)
            if (part.before, part.after) != (before, after) and part.core.strip("0.,"):
                bare[part.text] += part.rows
        else:
            foreign[part.text] = part.rows
    if bare and after in {"%", "‰"}:
        pair = _examples(bare)
        return InferredNumbers(
            None, notes=(f"has {after} behind some numbers and not behind others ({pair}): text",)
        )
    if bare:
        sign = before or after
        notes.append(
            f"{sum(bare.values()):,} of {total:,} values lack {sign!r}, such as {_examples(bare)}"
        )
    (group, decimal), unread, ambiguous = _signs(fitting, comma, evident)
    foreign |= unread
    if ambiguous:
        notes.append(_doubt(fitting, group, decimal))
    parentheses = any(part.negative == "(" for part in fitting)
    trailing = any(part.negative == "trailing" for part in fitting)
    chosen = NumberFormat(group, decimal, before, after, parentheses, trailing)
    if chosen == NumberFormat("", "."):
        chosen = PLAIN
    sure = "" if ambiguous else _sure(fitting, decimal)
    return _judge(chosen, foreign, fitting, total, tuple(notes), ambiguous, sure)


def _doubt(parts: Sequence[NumberParts], group: str, decimal: str) -> str:
    """Tell how a sign was taken that has two meanings."""
    chosen = NumberFormat(group, decimal)
    example, value = next(
        (part.core, value)
        for part in parts
        if {",", "."} & set(part.core) and (value := chosen.parse(part.core)) is not None
    )
    sign = "," if "," in example else "."
    meaning = "before decimals" if decimal == sign else "between thousands"
    return (
        f"{sign!r} may stand before decimals or between thousands: read as {meaning}, so that"
        f" {example!r} is {value:g}; change the format if it is not"
    )


def _sure(parts: Sequence[NumberParts], decimal: str) -> str:
    return decimal if any(decimal in part.core for part in parts) else ""


def _affix(parts: Sequence[NumberParts], side: str) -> str:
    """Return the currency or unit that most values have, or else none."""
    counts = Counter[str]()
    for part in parts:
        counts[getattr(part, side)] += part.rows
    counts.pop("", None)
    [(affix, rows)] = counts.most_common(1) or [("", 0)]
    return affix if rows * 2 >= sum(part.rows for part in parts) else ""


def _signs(
    parts: Sequence[NumberParts], comma: bool, evident: bool
) -> tuple[tuple[str, str], dict[str, int], bool]:
    """Return the signs between thousands and before decimals, what they leave, and any doubt."""
    used = {sign for part in parts for sign in part.core if sign in ".,' "}
    if not used:
        return ("", "."), _unread(parts, "", "."), False
    decimals = [sign for sign in ".," if sign in used] or ([","] if comma else ["."])
    decimals = [".", ","] if used & {".", ","} else decimals
    candidates = [
        (group, decimal)
        for decimal in decimals
        for group in ("", *sorted(used))
        if group != decimal
    ]
    unread = {pair: _unread(parts, *pair) for pair in candidates}
    least = min(sum(rest.values()) for rest in unread.values())
    best = [pair for pair in candidates if sum(unread[pair].values()) == least]
    sign = "," if "," in used else "."
    if len(best) < 2 or not used & {".", ","} or not _differ(parts, best):
        return best[0], unread[best[0]], False
    grouped = _is_grouped(parts, sign)
    decimal = not (grouped or _is_money(parts, sign)) and (comma if sign == "," else not evident)
    chosen = next((pair for pair in best if (pair[1] == sign) == decimal), best[0])
    return chosen, unread[chosen], not grouped


def _differ(parts: Sequence[NumberParts], pairs: Sequence[tuple[str, str]]) -> bool:
    """Return whether some text has two values."""
    formats = [NumberFormat(*pair) for pair in pairs]
    return any(len({form.parse(part.core) for form in formats}) > 1 for part in parts)


def _is_grouped(parts: Sequence[NumberParts], sign: str) -> bool:
    """Return whether a sign stands between thousands beyond doubt.

    Where 195 stands beside 1.550, it does: who drops zeros would have written 1.55, who keeps them
    195.000.
    """
    bare = any(sign not in part.core for part in parts if part.core != "0")
    return bare and any(sign in part.core and part.core.endswith("0") for part in parts)


def _is_money(parts: Sequence[NumberParts], sign: str) -> bool:
    """Return whether amounts have a currency: three digits are no cents, unless all are small."""
    signed = [part for part in parts if sign in part.core]
    return any(part.core.index(sign) > 1 for part in signed) and all(
        is_currency(part.before) or is_currency(part.after) for part in signed
    )


def _unread(parts: Sequence[NumberParts], group: str, decimal: str) -> dict[str, int]:
    pattern = re.compile(core(group, decimal), re.ASCII)
    return {part.text: part.rows for part in parts if not pattern.fullmatch(part.core)}


def _judge(
    chosen: NumberFormat,
    foreign: dict[str, int],
    fitting: Sequence[NumberParts],
    total: int,
    notes: tuple[str, ...],
    ambiguous: bool,
    decimal: str,
) -> InferredNumbers:
    """Accept the format if it leaves few rows, or few words that may be blanks."""
    left = sum(foreign.values())
    if left <= tolerated(total):
        aside = (
            f"has values that are no numbers, and set aside: {_examples(foreign)} ({left:,} of"
            f" {total:,} rows)",
        )
        return InferredNumbers(chosen, (), (*notes, *(aside if left else ())), ambiguous, decimal)
    words = [text for text in foreign if not any(map(str.isdigit, text))]
    frequent = [word for word in words if foreign[word] > tolerated(total) / 2]
    rest = left - sum(foreign[word] for word in frequent)
    measured = len(fitting) >= _MANY and len({blanks.key(word) for word in frequent}) <= _WORDS
    if measured and left <= total / 2 and rest <= tolerated(total) and "," not in "".join(frequent):
        taken = ", ".join(f"{word!r} ({foreign[word]:,})" for word in frequent)
        note = f"words among numbers are taken for blanks: {taken}"
        return InferredNumbers(
            chosen, tuple(word.strip() for word in frequent), (*notes, note), ambiguous, decimal
        )
    if left <= total / 2:
        share = 1 - left / total
        note = (
            f"looks like numbers in {share:.0%} of its values, but not {_examples(foreign)}: text"
        )
        return InferredNumbers(None, notes=(note,))
    return _NONE


def tolerated(total: int) -> float:
    """Return how many of so many values may be unreadable."""
    return max(TOLERANCE * total, 1.0) if total >= FEW_ROWS else 0.0


def _examples(texts: Sequence[str] | dict[str, int]) -> str:
    return ", ".join(map(repr, list(texts)[:3]))
