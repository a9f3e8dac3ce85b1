"""One thin module per entry point of MLproject."""

import os
import sys
import warnings
from types import TracebackType

# OpenMP threads wait by spinning, some 300,000 turns. When another program has one of two
# processors, a fit then takes twelve times as long; with 1,000 turns three times, and alone no
# longer than before. Read when the library is loaded.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
# Pandera imports what there is of Spark, which warns of a pandas that works here.
warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)


def _explain(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print one line about a step that cannot even be imported; see `sys.excepthook`."""
    if not isinstance(error, Exception):
        sys.__excepthook__(kind, error, trace)
        return
    try:
        from longhaul.pipeline import failure  # it needs what may be what is missing

        line = str(failure.convert(error))
    except Exception:
        line = f"{kind.__name__}: {error}"
    print(f"error: {line}", file=sys.stderr)


if sys.argv[0] == "-m":  # what Python says while it looks for the module that it is to run
    sys.excepthook = _explain
