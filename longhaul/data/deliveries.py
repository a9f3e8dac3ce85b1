"""Deliveries: files that arrive after the source, each of them one batch for good.

The number of a batch is given when a file is first seen, and never again: not when the file is
gone, and not when files arrive whose names sort before it.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from longhaul.data.periods import batch
from longhaul.errors import LonghaulError

_DIGITS = re.compile(r"([0-9]+)")
_KEY = "batches.later"


@dataclass(frozen=True)
class Delivery:
    """File of one batch.

    Attributes
    ----------
    name : str
        Its path below the folder that ``batches.later`` names.
    number : int
        Of its batch.
    digest : str
        Of its content.
    """

    name: str
    number: int
    digest: str

    @property
    def period(self) -> str:
        """Label of its batch."""
        return batch(self.number)


def number(
    digests: Mapping[str, str], recorded: Collection[Delivery], parts: int
) -> list[Delivery]:
    """Give every file the number of its batch: as recorded, else the next ones in natural order.

    Parameters
    ----------
    digests : mapping of str to str
        By name: the digests of the files that are there.
    recorded : collection of Delivery
        Files that were seen before, there or not.
    parts : int
        The batches of the source, which come first.

    Returns
    -------
    list of Delivery
        Of the files that are there, in order of their numbers.

    Raises
    ------
    LonghaulError
        When a file has changed since it was first seen, or two files are the same delivery.
    """
    by_name = {delivery.name: delivery for delivery in recorded}
    _require_numbers_free(recorded, parts)
    for name, digest in digests.items():
        if name in by_name and by_name[name].digest != digest:
            raise LonghaulError(
                f"{_KEY}: {name!r} is {by_name[name].period} and has changed since it was first"
                " seen; put the old file back, or deliver the new one under a name of its own"
            )
    new = sorted((name for name in digests if name not in by_name), key=natural_order)
    first = max([parts - 1, *(delivery.number for delivery in recorded)]) + 1
    added = [Delivery(name, place, digests[name]) for place, name in enumerate(new, first)]
    _require_no_copies([*recorded, *added])
    present = [by_name[name] for name in digests if name in by_name]
    return sorted([*present, *added], key=lambda delivery: delivery.number)


def natural_order(name: str) -> tuple[list[str | int], str]:
    """Return the key that sorts names as a reader does: ``file-9`` before ``file-10``."""
    stem = str(PurePosixPath(name).with_suffix(""))
    parts = _DIGITS.split(stem.casefold())
    return [int(part) if place % 2 else part for place, part in enumerate(parts)], name


def missing(recorded: Collection[Delivery], present: Collection[Delivery]) -> list[str]:
    """Describe the files that are no longer there, one note each."""
    names = {delivery.name for delivery in present}
    return [
        f"{_KEY}: {delivery.name!r} is gone; it was {delivery.period}, and no other file becomes it"
        for delivery in sorted(recorded, key=lambda delivery: delivery.number)
        if delivery.name not in names
    ]


def _require_numbers_free(recorded: Collection[Delivery], parts: int) -> None:
    for delivery in recorded:
        if delivery.number < parts:
            raise LonghaulError(
                f"batches.parts: with {parts}, {delivery.period} is a part of the source, but"
                f" {delivery.name!r} has been that batch; set parts to {delivery.number} or fewer"
            )


def _require_no_copies(deliveries: Sequence[Delivery]) -> None:
    """Refuse a file with the content of another: an old delivery would be scored again."""
    by_digest: dict[str, Delivery] = {}
    for delivery in deliveries:
        first = by_digest.setdefault(delivery.digest, delivery)
        if first is not delivery:
            raise LonghaulError(
                f"{_KEY}: {delivery.name!r} has the same content as {first.name!r}, which is"
                f" {first.period}; take one of them away, or give a renamed file its name back"
            )
