"""Ledger: changes of the champion, refused challengers, and accepted values, as tags of a model.

It also has a line for each correction of a version that is turned on or off: see
`longhaul.registry.corrections`.

A line is written as started before the alias moves, and rewritten as done afterwards. A line whose
move was interrupted is settled by the next move: done if the alias has moved, else void.
"""

import getpass
import json
import os
import re
import socket
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args

import mlflow

from longhaul.errors import LonghaulError
from longhaul.registry import versions

PREFIX = "longhaul.ledger."
NONE = "none"
REASON_LENGTH = 1000
EVIDENCE_LENGTH = 250

# Control characters, other line ends, and bytes of a command line that are not UTF-8.
_NOT_PLAIN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_TIME = "%Y%m%dT%H%M%S.%fZ"  # ISO 8601, basic format: sorts as text in the order of time

ChampionMove = Literal["promote", "rollback"]
CorrectionMove = Literal[
    "correction on", "correction off", "correction withdrawn", "correction allowed"
]
CanaryMove = Literal["canary begin", "canary grow", "canary end"]
Move = ChampionMove | Literal["refuse", "accept", "forget"] | CorrectionMove | CanaryMove
State = Literal["started", "done", "void"]

_ENDED: ContextVar[list["LedgerLine"] | None] = ContextVar("ended lines", default=None)


@dataclass(frozen=True)
class LedgerLine:
    """Record of a change of the champion, a refused challenger, a correction, or the contract.

    Attributes
    ----------
    when : str
        UTC, ISO 8601 to the microsecond; later than every earlier line.
    who : str
        ``<user>@<host>``, preceded by the user of the tracking server where there is one.
    move : str
        "promote", "rollback", "refuse", "accept" (values in the contract), "forget" (a person's
        rows), a `CorrectionMove` or a `CanaryMove`.
    before, after : str
        The version that was champion, or "none", and the one that becomes it; the same where a
        challenger is refused, whose version the reason names; both the version of a correction;
        the champion and the canary. Stored as "from" and "to".
    reason : str
    evidence : str
        Id of the run that supports the move; may be empty.
    state : {"started", "done", "void"}
    key : str
        Name of its tag.
    amendment : dict
        Of the contract; empty for the other moves. See `longhaul.data.amendments`.
    receipt : dict
        Of rows that were taken out; empty for the other moves. See `longhaul.erasure.receipt`.
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
    amendment: dict[str, Any] = field(default_factory=dict)
    receipt: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Convert to the fields that are stored."""
        fields = asdict(self)
        del fields["key"]
        for name in ("amendment", "receipt"):
            if not fields[name]:
                del fields[name]
        return {_STORED.get(name, name): value for name, value in fields.items()}


_STORED = {"before": "from", "after": "to"}


def lines(name: str) -> list[LedgerLine]:
    """Read the ledger of a registered model, oldest line first; empty without such a model."""
    model = versions.find_model(name)
    tags = model.tags if model else {}
    return [_parse(name, key, tags[key]) for key in sorted(tags) if key.startswith(PREFIX)]


def begin(name: str, line: LedgerLine) -> LedgerLine:
    """Write a new line as started; return it with its time and key.

    Clocks of hosts differ: a line is never dated before the one that precedes it.
    """
    now, earlier = datetime.now(UTC), lines(name)
    if earlier:
        last = datetime.fromisoformat(earlier[-1].when)
        now = max(now, last + timedelta(microseconds=1))
    key = f"{PREFIX}{now.strftime(_TIME)}.{uuid.uuid4().hex[:8]}"
    return _write(name, replace(line, when=now.isoformat(timespec="microseconds"), key=key))


def end(name: str, line: LedgerLine, state: State) -> LedgerLine:
    """Rewrite a line with its final state."""
    ended = _write(name, replace(line, state=state))
    collected = _ENDED.get()
    if collected is not None:
        collected.append(ended)
    return ended


@contextmanager
def collect_ended() -> Iterator[list[LedgerLine]]:
    """Collect the lines that this block ends, as done or void, in their order.

    A line is ended by one process only, under the lock of its model; that may be a line which
    another process began and was killed before it could end it.
    """
    collected: list[LedgerLine] = []
    token = _ENDED.set(collected)
    try:
        yield collected
    finally:
        _ENDED.reset(token)


def settle_states(history: Sequence[LedgerLine], champion: str | None) -> list[LedgerLine]:
    """Return the lines with interrupted ones settled: done if `champion` is theirs, else void.

    Lines of corrections and canaries stay as they are.
    """
    others = (*get_args(CorrectionMove), *get_args(CanaryMove))

    def state(line: LedgerLine) -> State:
        if line.state != "started" or line.move in others:
            return line.state
        return "done" if line.after == champion else "void"

    return [replace(line, state=state(line)) for line in history]


def champion_stack(history: Sequence[LedgerLine]) -> list[str]:
    """Return the stack of champions, oldest first and the present one last.

    A promotion pushes a version, a rollback pops one: two rollbacks go two champions back, not
    forth again. Where the alias was moved by hand, the next line shows it.
    """
    stack: list[str] = []
    moves = [line for line in history if line.move in get_args(ChampionMove)]
    for line in (line for line in moves if line.state == "done"):
        if line.move == "rollback":
            stack = stack[:-1] if stack[-2:-1] == [line.after] else [line.after]
        else:
            below = stack if stack[-1:] == [line.before] else [line.before]
            stack = [version for version in below if version != NONE] + [line.after]
    return stack


def previous_champion(history: Sequence[LedgerLine], champion: str) -> str:
    """Return the version that `champion` replaced; "none" where it replaced none."""
    stack = champion_stack(history)
    return stack[-2] if stack[-1:] == [champion] and len(stack) > 1 else NONE


def check_texts(reason: str, evidence: str = "") -> None:
    """Refuse a reason or evidence that the ledger cannot store unchanged.

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
                f"{name}: {len(text):,} characters; the ledger takes up to {most:,}; shorten it"
            )
        if _NOT_PLAIN.search(text):
            raise LonghaulError(
                f"{name}: {text!r} is not one line of text; leave out line ends and control"
                " characters"
            )
    if not reason.strip():
        raise LonghaulError("reason: empty; say in a few words why this changes")


def current_user() -> str:
    """Return who writes a line: see `LedgerLine`."""
    who = f"{_user()}@{socket.gethostname()}"
    user = os.environ.get("MLFLOW_TRACKING_USERNAME")
    return f"{user} ({who})" if user else who


def _user() -> str:
    """Name the user of this process; by number where the machine has no name, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _write(name: str, line: LedgerLine) -> LedgerLine:
    text = json.dumps(line.to_dict(), ensure_ascii=False)
    mlflow.MlflowClient().set_registered_model_tag(name, line.key, text)
    return line


def _parse(name: str, key: str, text: str) -> LedgerLine:
    try:
        stored: dict[str, Any] = json.loads(text)
        return LedgerLine(before=stored.pop("from"), after=stored.pop("to"), key=key, **stored)
    except (ValueError, KeyError, TypeError):
        raise LonghaulError(
            f"{name}: tag {key!r} is not a valid line of the ledger; it was changed from outside:"
            " restore that tag, or delete it"
        ) from None
