"""Columns of text that look like numbers or times in a spelling that is not read, and are said."""

import re
from collections import Counter
from collections.abc import Callable, Sequence

from longhaul.features.month_names import has_month
from longhaul.features.number_format import unify

_LONGEST = 40
_SAMPLE = 500
_YEAR = re.compile(r"(?:^|\D)(?:19|20)\d\d(?:\D|$)")
_CLOCK = re.compile(r"\d{1,2}:\d\d(?::\d\d)?(?: ?[AaPp]\.?[Mm]\.?)?")
_SIGNS = re.compile(r"[\d\W_]*\d[\d\W_]*")
_AROUND = re.compile(r"(?P<before>\D*?)[+-]?\d[\d., ]*?(?P<after>[^\d., ']\D*)?")


def note(texts: Sequence[str]) -> str:
    """Say what the different texts of a category look like; nothing for plain words.

    Parameters
    ----------
    texts : sequence of str
        Without blanks.
    """
    sample = [unify(text) for text in texts[:: max(1, len(texts) // _SAMPLE)]]
    if not sample or not _mostly(sample, lambda text: any(map(str.isdigit, text))):
        return ""
    if _mostly(sample, _is_time):
        return f"looks like times in a spelling that is not read ({_shown(texts)}): text"
    if _mostly(sample, lambda text: bool(_CLOCK.fullmatch(text))):
        return f"looks like times of day, or durations ({_shown(texts)}): text"
    affixes = Counter(
        (match["before"], match["after"] or "")
        for text in sample
        if (match := _AROUND.fullmatch(text))
    )
    [((before, after), count)] = affixes.most_common(1) or [(("", ""), 0)]
    if count == len(sample) > 1 and (before or after):
        form = f"{before.strip()} 1234.56 {after.strip()}".strip()
        return (
            f"looks like numbers with the same signs around them ({_shown(texts)}): text; write"
            f" number {form} if they are"
        )
    if _mostly(sample, lambda text: bool(_SIGNS.fullmatch(text))):
        return f"is digits and signs that are read neither as numbers nor times ({_shown(texts)})"
    return ""


def _is_time(text: str) -> bool:
    digits = any(map(str.isdigit, text))
    return len(text) <= _LONGEST and digits and bool(has_month(text) or _YEAR.search(text))


def _mostly(texts: Sequence[str], holds: Callable[[str], bool]) -> bool:
    return sum(map(holds, texts)) > 0.9 * len(texts)


def _shown(texts: Sequence[str]) -> str:
    return ", ".join(repr(text[:_LONGEST]) for text in texts[:3])
