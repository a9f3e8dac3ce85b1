"""The `step` decorator: a function becomes the command of an entry point.

Every step has one MLflow run, one headline, and one line on stderr when it fails.
"""

import inspect
import logging
import os
import re
import signal
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any, overload

import click
import mlflow
import requests
from mlflow.exceptions import MlflowException

from longhaul.errors import LonghaulError
from longhaul.pipeline import caller, failure, renamed
from longhaul.pipeline.parameters import options
from longhaul.tracking import manifest, process_owner, store
from longhaul.tracking.tags import ERROR, HEADLINE, OWNER

DEPTH = "LONGHAUL_DEPTH"  # set in the processes of steps that another one runs
_OF_CLICK = (click.ClickException, click.Abort, click.exceptions.Exit)
_MADE_UP_NAME = re.compile(r"[a-z]+-[a-z]+-\d+")  # MLflow's for a run without a name


class Command(click.Command):
    """The command of a step: bad input is answered by one line on stderr and exit code 1 or 2.

    Parameters
    ----------
    state : callable, optional
        Takes some of the step's parameters by name, and returns what the step's result depends on
        beside its parameters and its code.
    **options : Any
        See `click.Command`.
    """

    def __init__(self, *, state: Callable[..., str] | None = None, **options: Any):
        super().__init__(**options)
        self._state = state

    def state(self, parameters: Mapping[str, str]) -> str:
        """Return the state: the dependencies beside parameters and code, as one text."""
        if self._state is None:
            return ""
        return self._state(**{name: parameters[name] for name in _names(self._state)})

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command; see `click.Command.main`."""
        try:
            quiet()
            end_cleanly()
            store.fix_tracking_uri(caller.folder())
            failure.explain_threads()
            super().main(*args, **{**kwargs, "standalone_mode": False})
        except click.UsageError as error:
            _fail(f"error: {self.name}: {self._explain_usage(error)}", 2)
        except LonghaulError as error:
            _fail(f"{error.label}: {self.name}: {error}", error.code)
        except (MlflowException, requests.RequestException) as error:
            _fail(f"error: {self.name}: {store.describe_error(error)}", 1)
        except (click.Abort, KeyboardInterrupt, Terminated) as error:
            line, code = _stopped(error)
            if DEPTH in os.environ:  # the step around this one says so
                sys.exit(code)
            _fail(f"error: {self.name}: {line}", code)
        except Exception as error:  # a bug; the terminal is no place for its traceback
            _fail(f"error: {self.name}: {failure.convert(error)}", 1)

    def _explain_usage(self, error: click.UsageError) -> str:
        """Explain in one line why options are refused; give the new name for an old one."""
        if isinstance(error, click.NoSuchOption):
            old = error.option_name.removeprefix("--")
            new = renamed.PARAMETERS.get(old)
            if new in {option.name for option in self.params}:
                return f"the parameter {old} is now called {new}; pass {new} instead"
        return " ".join(error.format_message().split())


@overload
def step(function: Callable[..., str]) -> Command: ...


@overload
def step(*, state: Callable[..., str]) -> Callable[[Callable[..., str]], Command]: ...


def step(
    function: Callable[..., str] | None = None, *, state: Callable[..., str] | None = None
) -> Command | Callable[[Callable[..., str]], Command]:
    """Make a function the command of the entry point that has its name.

    The options are built from the signature; see `longhaul.pipeline.parameters`. The function runs
    inside the entry point's MLflow run and returns the step's headline: the one figure that a
    reader wants of it, kept as a tag of the run and printed.

    Parameters
    ----------
    function : callable
    state : callable, optional
        Returns what the result depends on beside parameters and code, such as the content of a
        source; see `Command`. Written ``@step(state=...)`` in one line: `Reuse` looks for that.
    """
    if function is None:
        return lambda decorated: _command(decorated, state)
    return _command(function, state)


def _command(function: Callable[..., str], state: Callable[..., str] | None) -> Command:
    def run(**parameters: Any) -> None:
        with mlflow.start_run() as active:
            mlflow.set_tag(OWNER, process_owner.current())
            if _MADE_UP_NAME.fullmatch(active.info.run_name):
                mlflow.set_tag("mlflow.runName", function.__name__)
            try:
                headline = _foreseen(function, parameters)
            except BaseException as error:
                mlflow.set_tag(ERROR, _explain(error))
                raise
            finally:
                process_owner.close_children(active)
            noted = manifest.take(mlflow.MlflowClient().get_run(active.info.run_id))
            mlflow.set_tags({HEADLINE: headline, **noted})
        click.echo(headline)

    return Command(
        name=function.__name__,
        callback=run,
        params=options(function),
        help=function.__doc__,
        state=state,
    )


def _foreseen(function: Callable[..., str], parameters: Mapping[str, Any]) -> str:
    """Run a step; convert an exception that nobody foresaw while its run is there to keep it."""
    try:
        return function(**parameters)
    except (LonghaulError, MlflowException, requests.RequestException, *_OF_CLICK):
        raise
    except Exception as error:
        raise failure.convert(error) from error


def _names(function: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(function).parameters)


class Terminated(SystemExit):
    """SIGTERM, as an exit that closes runs."""


def end_cleanly() -> None:
    """Turn SIGTERM, and the end of the calling process, into an exit that closes runs."""
    signal.signal(signal.SIGTERM, _terminate)
    if "MLFLOW_RUN_ID" in os.environ:
        caller.end_with_caller()


def _terminate(*_: object) -> None:
    raise Terminated(143)


def _stopped(error: BaseException) -> tuple[str, int]:
    """Return the line and the exit code of a step that was stopped from outside."""
    if isinstance(error, Terminated):
        return "stopped by SIGTERM", 143
    return "stopped by Ctrl-C", 130


def quiet() -> None:
    """Silence MLflow's notices and passing warnings, unless MLFLOW_LOGGING_LEVEL asks for them."""
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    if "MLFLOW_LOGGING_LEVEL" not in os.environ:
        logging.getLogger("mlflow").setLevel(logging.ERROR)
        logging.getLogger("alembic").setLevel(logging.ERROR)
        # Of a database that fails it prints the traceback; what came of it is an exception, too.
        logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
        warnings.simplefilter("ignore")


def _explain(error: BaseException) -> str:
    """Return the message of an error as one line."""
    if isinstance(error, MlflowException | requests.RequestException):
        return store.describe_error(error)
    if isinstance(error, click.Abort | KeyboardInterrupt | Terminated):
        return _stopped(error)[0]
    return failure.first_line(error)


def _fail(message: str, code: int) -> None:
    click.echo(message, err=True)
    sys.exit(code)
