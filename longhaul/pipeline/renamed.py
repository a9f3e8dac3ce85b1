"""Answers for the old names of entry points, parameters and values: one line with the new name.

``python -m longhaul.pipeline.renamed <old name>`` is the command of an old entry point.
"""

import sys

ENTRY_POINTS = {"start": "init", "clean": "gc", "replay": "backtest"}
PARAMETERS = {
    "resume": "use_cache",
    "alarm": "fail_on",
    "unrecorded": "on_log_failure",
    "seal": "compact_seconds",
    "watch": "poll_seconds",
    "stock": "compare_mlflow",
    "replaces": "expected_champion",
    "names": "allowed_hosts",
}


def main(old: str) -> None:
    """Print the new name of an entry point, and exit with code 2."""
    new = ENTRY_POINTS[old]
    sys.stderr.write(f"error: {old} is now called {new}; run: mlflow run . -e {new}\n")
    sys.exit(2)


if __name__ == "__main__":
    main(sys.argv[1])  # the parameters that MLflow passes on do not matter
