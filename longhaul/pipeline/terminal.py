"""Show a life cycle on the terminal: a line for each step, and a clock while it runs."""

import sys
import threading
import time
from typing import Self

import click

# A step with a progress bar, or steps, of its own has the last line of the terminal to itself.
WITH_BAR = frozenset({"tune", "cycle", "retrain"})
_WIDTH = 20


class Terminal:
    """Printer to stderr; a context manager, so that the clock ends with the block.

    Parameters
    ----------
    depth : int
        How far to indent: the number of steps around the one that prints.
    """

    def __init__(self, depth: int = 0) -> None:
        self._indent = "  " * depth
        self._running: dict[str, float] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._live = sys.stderr.isatty()

    def __enter__(self) -> Self:
        """Start the clock, if stderr is a terminal."""
        if self._live:
            threading.Thread(target=self._tick, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the clock."""
        self._ended.set()
        with self._lock:
            self._clear()

    def started(self, name: str) -> None:
        """Record that a step is running."""
        with self._lock:
            self._running[name] = time.monotonic()
            if not self._live:
                self._line("…", name, "", "started")

    def finished(self, name: str, headline: str, reused: bool) -> None:
        """Print the line of a finished step: its time, or that it was reused, and its headline."""
        with self._lock:
            began = self._running.pop(name, time.monotonic())
            spent = "reused" if reused else f"{time.monotonic() - began:.1f} s"
            self._line("✓", name, spent, headline)

    def failed(self, name: str, reason: str) -> None:
        """Print the line of a step that failed."""
        with self._lock:
            began = self._running.pop(name, time.monotonic())
            self._line("✗", name, f"{time.monotonic() - began:.1f} s", reason)

    def say(self, text: str) -> None:
        """Print a line that belongs to no step."""
        with self._lock:
            self._clear()
            click.echo(text, err=True)

    def _line(self, mark: str, name: str, spent: str, text: str) -> None:
        self._clear()
        name = f"{self._indent}{mark} {name}"
        click.echo(f"{name:<{_WIDTH + 2}}{spent:>8}  {text}", err=True)

    def _tick(self) -> None:
        while not self._ended.wait(0.5):
            with self._lock:
                names = [name for name in self._running if name.split()[0] not in WITH_BAR]
                if len(names) == len(self._running) > 0:
                    longest = time.monotonic() - min(self._running.values())
                    click.echo(f"\r\033[K… {', '.join(names)}: {longest:.0f} s", nl=False, err=True)

    def _clear(self) -> None:
        if self._live:
            click.echo("\r\033[K", nl=False, err=True)
