"""What the user sees while a life cycle runs: a line a stage, and a clock while one is at work."""

import sys
import threading
import time
from typing import Self

import click

# A stage with a progress bar, or stages, of its own has the last line of the terminal to itself.
WITH_BAR = frozenset({"tune", "cycle", "retrain"})
_WIDTH = 20


class Terminal:
    """Prints to stderr; a context manager, so that the clock ends with the block.

    Parameters
    ----------
    depth : int
        How far to indent: how many stages there are around the one that prints.
    """

    def __init__(self, depth: int = 0) -> None:
        self._indent = "  " * depth
        self._running: dict[str, float] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._live = sys.stderr.isatty()

    def __enter__(self) -> Self:
        """Start the clock, where there is a terminal to show it."""
        if self._live:
            threading.Thread(target=self._tick, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the clock."""
        self._ended.set()
        with self._lock:
            self._clear()

    def started(self, name: str) -> None:
        """Note that a stage is at work."""
        with self._lock:
            self._running[name] = time.monotonic()
            if not self._live:
                self._line("…", name, "", "started")

    def finished(self, name: str, headline: str, reused: bool) -> None:
        """Print a stage's line: its time, or that it was reused, and its headline."""
        with self._lock:
            began = self._running.pop(name, time.monotonic())
            spent = "reused" if reused else f"{time.monotonic() - began:.1f} s"
            self._line("✓", name, spent, headline)

    def failed(self, name: str, reason: str) -> None:
        """Print the line of a stage that did not finish."""
        with self._lock:
            began = self._running.pop(name, time.monotonic())
            self._line("✗", name, f"{time.monotonic() - began:.1f} s", reason)

    def say(self, text: str) -> None:
        """Print a line of its own."""
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
