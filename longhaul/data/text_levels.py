"""Different texts of a column, counted for the inference of its format."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

# Plain numbers that need no closer look: no code, no thousands, not too large to be exact.
_PLAIN = r"^-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]+)?(?:[eE][+-][0-9]{1,3})?$"
_GROUPED = r"^-?(?:0|[1-9][0-9]{0,2}(?:\.[0-9]{3})?)$"
_SAMPLE, _MANY, _RARE = 2000, 50_000, 200


@dataclass(frozen=True)
class TextLevels:
    """Different texts of a column with their rows; of many plain numbers only a sample.

    Attributes
    ----------
    levels : list of str
    counts : list of int
    points : bool
        Whether a decimal point occurs.
    plain : Series or None
        The values, where all are plain numbers; then there are no levels.
    """

    levels: list[str]
    counts: list[int]
    points: bool = False
    plain: pd.Series | None = None

    @classmethod
    def of(cls, column: pd.Series) -> "TextLevels":
        """Count the texts of a column."""
        present = pa.array(column.dropna(), pa.string())
        plain = pc.match_substring_regex(present, _PLAIN)
        grouped = pc.match_substring_regex(present, _GROUPED)
        points = pc.any(pc.match_substring(present, ".")).as_py()
        doubtful = bool(points and pc.all(grouped).as_py())
        if len(present) and not doubtful and pc.all(plain).as_py():
            return cls([], [], bool(points), pd.Series(pc.cast(present, pa.float64()).to_pandas()))
        mostly = len(present) > _MANY and not doubtful and (pc.mean(plain).as_py() or 0) > 0.5
        if not mostly:
            levels, counts = _distinct(present)
            return cls(levels, counts)
        others, counts = _distinct(present.filter(pc.invert(plain)))
        numbers = present.filter(plain)
        sample, _ = _distinct(numbers.take(np.linspace(0, len(numbers) - 1, _SAMPLE).astype(int)))
        rows = len(numbers) // len(sample)
        return cls(
            [*sample, *others],
            [len(numbers) - rows * (len(sample) - 1), *[rows] * (len(sample) - 1), *counts],
        )

    def sample(self, most: int) -> tuple[list[str], list[int]]:
        """Return some texts with their rows: of each common shape a part, of the others all.

        A shape is a text without regard to which digits it holds, so that a few texts that are
        unlike the others are seen however many there are.
        """
        step = len(self.levels) // most
        if step < 2:
            return self.levels, self.counts
        shapes = pc.replace_substring_regex(pa.array(self.levels, pa.string()), "[0-9]", "0")
        codes = shapes.dictionary_encode().indices.to_numpy()
        rare = np.bincount(codes)[codes] < _RARE
        kept = np.arange(len(codes)) % step == 0
        if rare.sum() <= most:
            kept |= rare
        else:  # free text, in which every shape is rare
            rare[:] = False
        places = np.flatnonzero(kept)
        rows = [self.counts[place] * (1 if rare[place] else step) for place in places]
        return [self.levels[place] for place in places], rows


def _distinct(texts: pa.Array) -> tuple[list[str], list[int]]:
    counted = texts.value_counts()
    return counted.field("values").to_pylist(), counted.field("counts").to_pylist()
