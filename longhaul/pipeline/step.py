"""What every entry point shares: one run, one headline, one line when it fails."""

import logging
import os
import re
import signal
import sys
import warnings
from collections.abc import Callable
from typing import Any

import click
import mlflow
import requests
from mlflow.exceptions import MlflowException

from longhaul.errors import LonghaulError
from longhaul.pipeline import caller
from longhaul.tracking import process_owner, store
from longhaul.tracking.tags import ERROR, HEADLINE, OWNER

_NOBODY = re.compile(r"[a-z]+-[a-z]+-\d+")  # what MLflow makes up where nobody named a run


class Command(click.Command):
    """A click command that answers bad input with one line on stderr and exit code 1 or 2."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command; see `click.Command.main`."""
        quiet()
        store.fix_address(caller.folder())
        end_cleanly()
        try:
            super().main(*args, **{**kwargs, "standalone_mode": False})
        except click.UsageError as error:
            _fail(f"error: {self.name}: {' '.join(error.format_message().split())}", 2)
        except LonghaulError as error:
            _fail(f"{error.kind}: {self.name}: {error}", error.code)
        except (MlflowException, OSError) as error:
            _fail(f"error: {self.name}: {_explain(error)}", 1)
        except (click.Abort, KeyboardInterrupt):
            sys.exit(130)


def stage(function: Callable[..., str]) -> Command:
    """Make a function the command of an entry point.

    The function runs inside the entry point's MLflow run, and returns the stage's headline: the
    one figure a reader wants of it, kept as a tag of the run and printed.
    """

    def run(**parameters: Any) -> None:
        with mlflow.start_run() as active:
            mlflow.set_tag(OWNER, process_owner.current())
            if _NOBODY.fullmatch(active.info.run_name):
                mlflow.set_tag("mlflow.runName", function.__name__)
            try:
                headline = function(**parameters)
            except BaseException as error:
                mlflow.set_tag(ERROR, _explain(error))
                raise
            finally:
                process_owner.close_children(active)
            mlflow.set_tag(HEADLINE, headline)
        click.echo(headline)

    options = getattr(function, "__click_params__", [])
    return Command(
        name=function.__name__, callback=run, params=options[::-1], help=function.__doc__
    )


def end_cleanly() -> None:
    """Turn SIGTERM, and the end of the calling process, into an exit that closes runs."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if "MLFLOW_RUN_ID" in os.environ:
        caller.end_with_caller()


def quiet() -> None:
    """Silence MLflow's notices and passing warnings, unless MLFLOW_LOGGING_LEVEL asks for them."""
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    if "MLFLOW_LOGGING_LEVEL" not in os.environ:
        logging.getLogger("mlflow").setLevel(logging.ERROR)
        logging.getLogger("alembic").setLevel(logging.ERROR)
        warnings.simplefilter("ignore")


def _explain(error: BaseException) -> str:
    """What an error has to say, in one line."""
    if isinstance(error, MlflowException | requests.RequestException):
        return store.refusal(error)
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _fail(message: str, code: int) -> None:
    click.echo(message, err=True)
    sys.exit(code)
