"""Events in production that people are told of: bad periods, and moves in the ledger."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from longhaul.monitoring.decision import Decision
from longhaul.registry.ledger import NONE, LedgerLine
from longhaul.registry.model_uri import ModelUri

Urgency = Literal["info", "warning", "failure"]

PERIOD = "period"
# The values of rows in the reason of a period that broke the contract: see `longhaul.data`.
_EXAMPLES = re.compile(r"(, such as | allows: ).*", re.DOTALL)
_ASKED = {
    "none": "is to be watched; nothing has to be done yet",
    "look": "is to be watched; somebody should look at it",
    "repair": "needs action: repair the data",
    "recalibrate": "needs action: correct the level of the probabilities (recalibrate)",
    "retrain": "needs action: train the model again (retrain)",
}
_URGENCY: Mapping[str, Urgency] = {"watch": "warning", "act": "failure"}
# What each move of the ledger means to a person on call, who may not know the word for it.
_MOVES = {
    "promote": "version {after} is champion now",
    "rollback": "rolled back to version {after}",
    "refuse": "a challenger is refused",
    "correction on": "the probabilities of version {after} are corrected now",
    "correction off": "the probabilities of version {after} are no longer corrected",
    "correction withdrawn": "the correction of version {after} is taken back",
    "correction allowed": "version {after} may be corrected again",
    "canary begin": "version {after} answers a share of the requests now, as canary",
    "canary grow": "version {after} answers another share of the requests now, as canary",
    "canary end": "version {after} is canary no more",
}
_WARNINGS = ("rollback", "refuse", "correction withdrawn", "canary end")
_CHAMPION_MOVES = ("promote", "rollback")


@dataclass(frozen=True)
class Event:
    """Event as programs read it, and in plain words.

    Attributes
    ----------
    message : dict of str to str
        For the webhook: ``event``, ``model``, ``reason``, ``run``, and the fields of its sort.
    title, text : str
        For people; without values of rows.
    urgency : {"info", "warning", "failure"}
    """

    message: dict[str, str]
    title: str
    text: str
    urgency: Urgency


def bad_period(period: str, decision: Decision, model: ModelUri, run: str) -> Event | None:
    """Describe the decision about a period; None where it is ok.

    Parameters
    ----------
    period : str
    decision : Decision
    model : ModelUri
        The version that predicted the period.
    run : str
        Id of the run that judged it.
    """
    if decision.level == "ok":
        return None
    message = {
        "event": PERIOD,
        "model": model.name,
        "version": model.version,
        "period": period,
        "level": decision.level,
        "action": decision.action,
        "reason": decision.reason,
        "run": run,
    }
    rows = [
        f"Period {period} of the model {model.name}, predicted by version {model.version},"
        f" {_ASKED[decision.action]}.",
        f"Reason: {_EXAMPLES.sub('; examples are in the run', decision.reason)}",
        f"Run: {run}",
    ]
    title = f"{model.name}: period {period} is {decision.level}"
    return Event(message, title, "\n".join(rows), _URGENCY[decision.level])


def move(name: str, line: LedgerLine, run: str) -> Event | None:
    """Describe a line of the ledger; None where nothing came of it, or it is no news.

    Parameters
    ----------
    name : str
        The registered model.
    line : LedgerLine
    run : str
        Id of the run that ended the line.
    """
    if line.state != "done" or line.move not in _MOVES:
        return None
    message = {
        "event": line.move,
        "model": name,
        "from": line.before,
        "to": line.after,
        "who": line.who,
        "when": line.when,
        "reason": line.reason,
        "evidence": line.evidence,
        "run": run,
    }
    title = f"{name}: {_MOVES[line.move].format(after=line.after)}"
    rows = [
        f"{title}{_before(line)}.",
        f"Reason: {line.reason}",
        f"By {line.who}, at {line.when}",
        *([f"Evidence: run {line.evidence}"] if line.evidence else []),
        f"Run: {run}",
    ]
    return Event(message, title, "\n".join(rows), "warning" if line.move in _WARNINGS else "info")


def _before(line: LedgerLine) -> str:
    if line.move not in _CHAMPION_MOVES:
        champion = line.before if line.move == "refuse" or "canary" in line.move else ""
        return f"; the champion is {_label(champion)}" if champion else ""
    return f"; before, it was {_label(line.before)}"


def _label(number: str) -> str:
    return NONE if number == NONE else f"version {number}"
