"""Write-ahead log of one worker: lines that are written before an answer leaves.

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
    """Append-only file that its process keeps locked, followed by another when it is closed.

    Parameters
    ----------
    folder : Path
        Of write-ahead logs.
    seconds : float
        A file is closed when its first line is that old.
    max_bytes : int
        Or when it is that large.
    """

    def __init__(self, folder: Path, seconds: float, max_bytes: int = 4_000_000):
        self.folder, self.seconds, self.max_bytes = folder, seconds, max_bytes
        self._file: int | None = None
        self._header, self._size, self._began = b"", 0, 0.0

    def append(self, header: bytes, line: bytes) -> None:
        """Write a line, after its header if that is not the last one written.

        Both end with a newline.

        Raises
        ------
        OSError
            When the disk is full or not writable; nothing of the line is left.
        """
        if self._file is None:
            self._open()
        text = line if header == self._header else header + line
        self._write(text)
        self._header = header
        self._size += len(text)
        if self._size >= self.max_bytes:
            self.close()

    def tick(self) -> None:
        """Close a file that is old enough."""
        if self._file is not None and time.monotonic() - self._began >= self.seconds:
            self.close()

    def close(self) -> None:
        """Unlock the file for compaction; the next line starts another."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def probe(self) -> None:
        """Raise an OSError when a file cannot be opened now."""
        if self._file is None:
            self._open()

    def _open(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        # Unlike any other host's, too: time and process may agree, 64 random bits do not.
        name = f"{time.time_ns()}-{os.getpid()}-{secrets.token_hex(8)}"
        path = self.folder / f"{name}{_NEW}"
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        # It gets the name that compaction looks for only when it is locked.
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
            self._truncate(file)
            raise

    def _truncate(self, file: int) -> None:
        """Cut off the rest of a line that failed; where that fails too, start another file."""
        with contextlib.suppress(OSError):
            os.ftruncate(file, self._size)
            return
        self.close()
