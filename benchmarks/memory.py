"""Time and peak memory of a process.

The kernel's own figure, `ru_maxrss`, starts from what the parent held; the high-water mark of
`/proc` does not, so that is what is watched until the process ends.
"""

import contextlib
import subprocess
import time
from pathlib import Path
from typing import Any, NamedTuple

_POLL_SECONDS = 0.02


class Used(NamedTuple):
    """What a process took: its code, seconds, and megabytes at the most."""

    code: int
    seconds: float
    megabytes: float


def run(command: list[str], **how: Any) -> Used:
    """Run a command to its end; see `subprocess.Popen` for `how`."""
    began, peak = time.perf_counter(), 0.0
    process = subprocess.Popen(command, **how)
    while process.poll() is None:
        with contextlib.suppress(OSError, StopIteration):
            lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
            mark = next(line for line in lines if line.startswith("VmHWM"))
            peak = max(peak, float(mark.split()[1]) / 1024)
        time.sleep(_POLL_SECONDS)
    return Used(process.returncode, time.perf_counter() - began, peak)
