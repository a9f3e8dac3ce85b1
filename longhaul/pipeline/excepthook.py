"""One line for what ends a process before its command begins, such as a library that is missing.

To import this module is to set `sys.excepthook`, in the process of an entry point; so it needs
nothing but Python, and is imported before everything else.
"""

import sys
from pathlib import Path
from types import TracebackType


def explain(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print one line about an exception that nobody has caught; see `sys.excepthook`."""
    if isinstance(error, KeyboardInterrupt):
        line = "stopped by Ctrl-C"
    elif isinstance(error, Exception):
        line = _describe(error)
    else:
        sys.__excepthook__(kind, error, trace)
        return
    print(f"error: {line}", file=sys.stderr)


def _describe(error: Exception) -> str:
    try:
        from longhaul.pipeline import failure  # it needs what may be what is missing

        return str(failure.convert(error))
    except Exception:
        return " ".join(f"{type(error).__name__}: {error}".split())


# "-m" is what Python says while it looks for the module that it is to run.
if sys.argv[0] == "-m" or Path(sys.argv[0]).name == "main.py":
    sys.excepthook = explain
