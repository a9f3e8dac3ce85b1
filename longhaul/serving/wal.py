"""The journal of one worker: lines that are on their way to the disk before an answer leaves.

A line is handed to the operating system in one write; it outlives the death of this process,
though not of the machine. A line without its newline was cut off, and never acknowledged.
"""

import contextlib
import fcntl
import os
import secrets
import time
from pathlib import Path

SUFFIX = ".jsonl"
_NEW = ".new"


class WriteAheadLog:
    """An append-only file that its process holds locked, and closes to start another.

    Parameters
    ----------
    folder : Path
        Of journals.
    seconds : float
        A file is closed when its first line is that old.
    most : int
        Or when it has as many bytes.
    """

    def __init__(self, folder: Path, seconds: float, most: int = 4_000_000):
        self.folder, self.seconds, self.most = folder, seconds, most
        self._file: int | None = None
        self._header, self._size, self._began = b"", 0, 0.0

    def append(self, header: bytes, line: bytes) -> None:
        """Write a line, after the header that says how to read it, if it is another than before.

        Both end with a newline.

        Raises
        ------
        OSError
            When the disk is full or not to be written; nothing of the line is left.
        """
        if self._file is None:
            self._open()
        text = line if header == self._header else header + line
        self._write(text)
        self._header = header
        self._size += len(text)
        if self._size >= self.most:
            self.close()

    def tick(self) -> None:
        """Close a file that is old enough."""
        if self._file is not None and time.monotonic() - self._began >= self.seconds:
            self.close()

    def close(self) -> None:
        """Give the file to whoever makes Parquet of it; the next line starts another."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def probe(self) -> None:
        """Raise an OSError when a line could not be written now."""
        if self._file is None:
            self._open()

    def _open(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{time.time_ns()}-{os.getpid()}-{secrets.token_hex(4)}"
        path = self.folder / f"{name}{_NEW}"
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        # Nobody looks at it before it is locked: then it gets its name.
        fcntl.flock(file, fcntl.LOCK_EX)
        path.rename(path.with_suffix(SUFFIX))
        self._file, self._header, self._size, self._began = file, b"", 0, time.monotonic()

    def _write(self, text: bytes) -> None:
        file = self._file
        assert file is not None
        try:
            written = os.write(file, text)
            if written < len(text):
                raise OSError(f"only {written} of {len(text)} bytes could be written")
        except OSError:
            self._take_back(file)
            raise

    def _take_back(self, file: int) -> None:
        """Cut off what is left of a line that failed, or leave the file to be read as it is."""
        with contextlib.suppress(OSError):
            os.ftruncate(file, self._size)
            return
        self.close()
