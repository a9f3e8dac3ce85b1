"""The promotion ledger: every move of a champion, as tags of the registered model in MLflow.

A line is written before the alias moves, as started, and again afterwards, as done. One that was
cut off in between is settled by the next move: done if the alias shows it, else void.
"""

import json
import re
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import mlflow

from longhaul.errors import LonghaulError
from longhaul.registry import versions

PREFIX = "longhaul.ledger."
NONE = "none"
REASON_LENGTH = 1000
EVIDENCE_LENGTH = 250

# Control characters, other ends of line, and bytes of a command line that are not UTF-8.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_TIME = "%Y%m%dT%H%M%S.%fZ"  # ISO 8601, basic format: as text in the order of time

Move = Literal["promote", "rollback"]
State = Literal["started", "done", "void"]


@dataclass(frozen=True)
class LedgerLine:
    """One move of the championship.

    Attributes
    ----------
    when : str
        UTC, ISO 8601 to the microsecond; later than every line before.
    who : str
        User of the machine, at its name; after the name that the server knows, if it has users.
    move : {"promote", "rollback"}
    before, after : str
        The version that was champion, or "none", and the one that becomes it; in the store and in
        `record`, "from" and "to".
    reason : str
    evidence : str
        The id of the run that speaks for the move; may be empty.
    state : {"started", "done", "void"}
    key : str
        Of the tag.
    """

    when: str
    who: str
    move: Move
    before: str
    after: str
    reason: str
    evidence: str
    state: State = "started"
    key: str = ""

    def record(self) -> dict[str, str]:
        """The line as plain text fields, as they are stored."""
        fields = asdict(self)
        del fields["key"]
        return {_STORED.get(name, name): value for name, value in fields.items()}


_STORED = {"before": "from", "after": "to"}


def lines(name: str) -> list[LedgerLine]:
    """All lines of a registered model, in order of time; none where there is no such model."""
    found = versions.find_model(name)
    tags = found.tags if found else {}
    return [_parse(name, key, tags[key]) for key in sorted(tags) if key.startswith(PREFIX)]


def begin(name: str, line: LedgerLine) -> LedgerLine:
    """Write a new line, as started; return it with its time and key.

    Clocks of several hosts differ: a line is never dated before the last one.
    """
    now, earlier = datetime.now(UTC), lines(name)
    if earlier:
        last = datetime.fromisoformat(earlier[-1].when)
        now = max(now, last + timedelta(microseconds=1))
    key = f"{PREFIX}{now.strftime(_TIME)}.{uuid.uuid4().hex[:8]}"
    return _write(name, replace(line, when=now.isoformat(timespec="microseconds"), key=key))


def end(name: str, line: LedgerLine, state: State) -> LedgerLine:
    """Rewrite a line with what became of it."""
    return _write(name, replace(line, state=state))


def settle_states(history: Sequence[LedgerLine], champion: str | None) -> list[LedgerLine]:
    """The same lines; one that was cut off is done if `champion` is who it was to be, else void."""

    def state(line: LedgerLine) -> State:
        if line.state != "started":
            return line.state
        return "done" if line.after == champion else "void"

    return [replace(line, state=state(line)) for line in history]


def champion_stack(history: Sequence[LedgerLine]) -> list[str]:
    """The champions that the present one stands on, oldest first and the present one last.

    A promotion puts a version on top, a rollback takes one off: rolling back twice goes two
    champions back, not forth again. Where an alias was moved by hand, the line after shows it.
    """
    stack: list[str] = []
    for line in (line for line in history if line.state == "done"):
        if line.move == "rollback":
            stack = stack[:-1] if stack[-2:-1] == [line.after] else [line.after]
        else:
            known = stack if stack[-1:] == [line.before] else [line.before]
            stack = [version for version in known if version != NONE] + [line.after]
    return stack


def previous_champion(history: Sequence[LedgerLine], champion: str) -> str:
    """The version that held the championship before `champion` won it; "none" if none did."""
    stack = champion_stack(history)
    return stack[-2] if stack[-1:] == [champion] and len(stack) > 1 else NONE


def check_texts(reason: str, evidence: str = "") -> None:
    """Refuse what the ledger cannot hold as it is: it never cuts.

    Raises
    ------
    LonghaulError
    """
    for name, text, most in (
        ("reason", reason, REASON_LENGTH),
        ("evidence", evidence, EVIDENCE_LENGTH),
    ):
        if len(text) > most:
            raise LonghaulError(
                f"{name}: {len(text):,} characters; the ledger takes up to {most:,}"
            )
        if _UNFIT.search(text):
            raise LonghaulError(f"{name}: {text!r} is not one line of text")
    if not reason.strip():
        raise LonghaulError("reason: empty; say in a few words why the champion changes")


def _write(name: str, line: LedgerLine) -> LedgerLine:
    text = json.dumps(line.record(), ensure_ascii=False)
    mlflow.MlflowClient().set_registered_model_tag(name, line.key, text)
    return line


def _parse(name: str, key: str, text: str) -> LedgerLine:
    try:
        stored: dict[str, Any] = json.loads(text)
        return LedgerLine(before=stored.pop("from"), after=stored.pop("to"), key=key, **stored)
    except (ValueError, KeyError, TypeError):
        raise LonghaulError(
            f"{name}: tag {key!r} is not a line of the ledger; it was changed by another hand"
        ) from None
