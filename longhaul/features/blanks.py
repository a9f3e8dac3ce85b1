"""Words that stand for a missing value."""

# In lower case. Those of the first line are blanks everywhere, unless a column keeps them.
BLANK = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "(null)", "<null>", "<na>", "\\n"})
# Errors of a spreadsheet and of C's printf are no numbers, but hold digits or look like words.
_ERRORS = {"#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!", "1.#qnan", "-1.#ind"}
NO_NUMBER = BLANK | _ERRORS | {"?", "-", "--", ".", "none", "missing", "unknown", "n.a."}
NO_DATE = NO_NUMBER | {"nat", "0000-00-00", "0000-00-00 00:00:00"}

_DASHES = str.maketrans(dict.fromkeys("\u2212\u2010\u2011\u2012\u2013\u2014", "-"))


_LONGEST = max(map(len, NO_DATE))


def is_one_of(text: str, words: frozenset[str]) -> bool:
    """Return whether a text is among some words, none longer than the usual ones."""
    return len(text.strip()) <= _LONGEST and key(text) in words


def key(word: str) -> str:
    """Return what two spellings of a word have in common: case, blanks and dashes do not count."""
    bare = word.strip().lower()
    return bare if bare.isascii() else bare.translate(_DASHES)
