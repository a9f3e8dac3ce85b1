"""Signatures of files that are something else than their names say."""

from longhaul.errors import LonghaulError

# The first bytes, what they are, and what to do.
_SIGNATURES = (
    (b"PK\x03\x04", "a zip archive or an Excel file", "name it .csv.zip or .xlsx"),
    (b"\x1f\x8b", "packed with gzip", "name it .csv.gz"),
    (b"BZh", "packed with bzip2", "name it .csv.bz2"),
    (b"\xfd7zXZ", "packed with xz", "name it .csv.xz"),
    (b"\x28\xb5\x2f\xfd", "packed with Zstandard", "name it .csv.zst"),
    (b"PAR1", "a Parquet file", "name it .parquet"),
    (b"SQLite format 3", "a SQLite database", "write sqlite:///<path> as source, and a query"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file", "name it .xls"),
    (b"%PDF", "a PDF document", "export its table as CSV"),
    (b"version https://git-lfs", "a pointer of Git LFS", "fetch it: git lfs pull"),
    (b"<!doctype html", "a web page", "save its table as CSV; a download may need a login"),
    (b"<html", "a web page", "save its table as CSV; a download may need a login"),
    (b"<?xml", "XML", "save its table as CSV: pandas.read_xml(…).to_csv(…)"),
)


def refuse(head: bytes, name: str) -> None:
    """Refuse a file of text that is no table.

    Parameters
    ----------
    head : bytes
        Its beginning.
    name : str
        Of the file, for errors.

    Raises
    ------
    LonghaulError
        With what it is, and what to do.
    """
    bare = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for sign, what, action in _SIGNATURES:
        if bare[: len(sign)].lower() == sign.lower():
            raise LonghaulError(f"{name}: is {what}, and no text: {action}")


def encodings(head: bytes, name: str) -> list[str]:
    """Return the encodings that a text may have, the likeliest first.

    Raises
    ------
    LonghaulError
        When it is no text.
    """
    if head[:4] in {b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff"}:
        return ["utf-32"]
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return ["utf-16"]
    zeros = head.count(b"\x00")
    if not zeros:
        return ["utf-8", "cp1252"]
    for encoding, place in (("utf-16-le", 1), ("utf-16-be", 0)):
        if head[place::2].count(b"\x00") == zeros > len(head) / 4:
            return [encoding]
    raise LonghaulError(f"{name}: holds zero bytes, and is no text; save it as CSV in UTF-8")
