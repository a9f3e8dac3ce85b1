"""Types of the parameters of steps, and the click options that are made of them.

A step's signature says which parameters it takes: ``seed: Seed``. Their defaults and their help
stand in MLproject alone. This module imports nothing of Longhaul but the reader of MLproject: what
it imports, every step depends on.
"""

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, get_origin, get_type_hints

import click

from longhaul.pipeline import project

MLPROJECT = Path(__file__).resolve().parents[2] / "MLproject"


class Number(click.FloatRange):
    """A number in a range; NaN, which click finds in every range, is refused."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Convert a text; see `click.ParamType.convert`."""
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail("nan is not a number", param, ctx)
        return number


class Choice(click.Choice[str]):
    """A choice of words, some of them renamed.

    Parameters
    ----------
    choices : sequence of str
    renamed : mapping of str to str
        New names by old ones.
    """

    def __init__(self, choices: Sequence[str], renamed: Mapping[str, str] | None = None):
        super().__init__(choices)
        self._renamed = renamed or {}

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Convert a text; see `click.ParamType.convert`."""
        if value in self._renamed:
            self.fail(f"{value!r} is now called {self._renamed[value]!r}", param, ctx)
        return str(super().convert(value, param, ctx))


Count = Annotated[int, click.IntRange(min=1)]
Trials = Annotated[int, click.IntRange(min=1)]
RetrainingTrials = Annotated[int, click.IntRange(min=0)]  # 0: no search, the champion's settings
Seed = Annotated[int, click.IntRange(min=0)]
Threads = Annotated[int, click.IntRange(min=0)]
Workers = Annotated[int, click.IntRange(1, 256)]
Port = Annotated[int, click.IntRange(1, 65535)]
PortOrAny = Annotated[int, click.IntRange(0, 65535)]
Minutes = Annotated[float, Number(min=0, min_open=True)]
Seconds = Annotated[float, Number(min=0, min_open=True)]
ClosedShare = Annotated[float, Number(0, 1)]
Days = Annotated[float, Number(min=0)]
Engine = Annotated[str, Choice(["local", "spark"])]
Window = Annotated[str, Choice(["expanding", "sliding"], {"extended": "expanding"})]
FailOn = Annotated[str, Choice(["never", "watch", "act"])]
CorrectionState = Annotated[str, Choice(["auto", "on", "off"])]
CollectedScope = Annotated[str, Choice(["all", "last"])]
OnLogFailure = Annotated[str, Choice(["refuse", "count"])]
OnUnreadable = Annotated[str, Choice(["refuse", "count"])]


class ParameterOption(click.Option):
    """An option for a parameter, with the help and the default that MLproject declares."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the lines of ``--help``; see `click.Option.get_help_record`."""
        declared = project.entry_points(MLPROJECT.read_text(encoding="utf-8"))
        if entry_point := declared.get(ctx.command.name or ""):
            help_by_name = {
                parameter.name: _help(parameter) for parameter in entry_point.parameters
            }
            self.help = help_by_name.get(self.name or "")
        return super().get_help_record(ctx)


def options(function: Callable[..., Any]) -> list[click.Parameter]:
    """Build the options of a step from its signature; all of them are required."""
    hints = get_type_hints(function, include_extras=True)
    return [
        ParameterOption([name, f"--{name}"], type=_click_type(hints.get(name, str)), required=True)
        for name in inspect.signature(function).parameters
    ]


def _click_type(annotation: Any) -> Any:
    return annotation.__metadata__[0] if get_origin(annotation) is Annotated else annotation


def _help(parameter: project.Parameter) -> str:
    if parameter.default is None:
        return parameter.help
    default = parameter.default.strip('"') or "empty"
    return f"{parameter.help} (default of mlflow run: {default})"
