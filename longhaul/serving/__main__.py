"""Command line of the service, outside of any MLflow run.

``python -m longhaul.serving '<settings>'``: the settings are a JSON object with the fields of
`ServiceSettings`, ``{"model": …, "record": …}``. The environment variable LONGHAUL_TOKENS holds the
bearer tokens.
"""

import json
import os
import sys
from pathlib import Path

import click

from longhaul.serving import workers

if __name__ == "__main__":
    workers.warm_up()  # beside the imports below

from longhaul.errors import LonghaulError
from longhaul.pipeline.step import quiet
from longhaul.serving import auth, supervisor
from longhaul.serving.settings import RequestLimits, ServiceSettings


@click.command()
@click.argument("settings")
@click.option("--host", required=True)
@click.option("--port", required=True, type=int)
def main(settings: str, host: str, port: int) -> None:
    """Serve with the given settings until SIGTERM or SIGINT."""
    quiet()
    try:
        supervisor.run(_parse(settings, host, port))
    except LonghaulError as error:
        sys.exit(f"error: {error}")


def _parse(settings: str, host: str, port: int) -> ServiceSettings:
    """Parse the settings; see above."""
    try:
        given = json.loads(settings)
        named = {"host": host, "port": port, "record": Path(given["record"])}
        limits = RequestLimits(**given.get("limits", {}))
        tokens = auth.load_tokens(None, os.environ.get("LONGHAUL_TOKENS", ""))
        return ServiceSettings(**{**given, **named, "limits": limits, "tokens": tokens})
    except (ValueError, TypeError, KeyError) as error:
        raise LonghaulError(f"settings: {error}; see ServiceSettings for its fields") from None


if __name__ == "__main__":
    main()
