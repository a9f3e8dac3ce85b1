"""A further look at the challenger that waits: compared with the champion on a later period."""

from dataclasses import dataclass
from typing import Any

from longhaul.data import label_lag
from longhaul.data.table import PeriodTable
from longhaul.evaluation.looks import is_due
from longhaul.pipeline import composite, rollout
from longhaul.pipeline.composite import MonitoredPeriod, RetrainingSettings
from longhaul.pipeline.flow import Flow
from longhaul.problem import Problem
from longhaul.production import history
from longhaul.production.announcements import announced_moves
from longhaul.production.history import ProductionHistory
from longhaul.production.retraining import explain_verdict
from longhaul.production.version_for_period import version_for_period
from longhaul.registry import challengers, promotion, versions
from longhaul.registry import verdict as verdicts
from longhaul.registry.challengers import WaitingChallenger
from longhaul.registry.model_uri import version_uri
from longhaul.tracking import artifacts
from longhaul.tracking.tags import LAST_PERIOD_SEEN

Look = dict[str, Any]


@dataclass(frozen=True)
class Response:
    """Response of a cycle to what monitoring saw.

    Attributes
    ----------
    look : dict or None
        At the challenger that waited, see `take`.
    retrained : dict or None
        Outcome of retraining, see `longhaul.pipeline.composite.retrain`.
    is_new : bool
        Whether any of it is recorded for the first time.
    """

    look: Look | None
    retrained: dict[str, Any] | None
    is_new: bool

    def to_dict(self) -> dict[str, Any]:
        """Convert to the fields of cycle.json."""
        return {"look": self.look, "retrained": self.retrained}


def respond(
    flow: Flow, name: str, seen: MonitoredPeriod, period: str, settings: RetrainingSettings
) -> Response:
    """Look at the challenger that waits; retrain if that is the action and it did not take over.

    Parameters
    ----------
    flow : Flow
    name : str
        The registered model.
    seen : MonitoredPeriod
        With the decision, whose action says what monitoring asks for.
    period : str
        Of the cycle.
    settings : RetrainingSettings
    """
    version, table = seen.version, seen.table
    recorded = period in ProductionHistory.load(name).looks
    look = take(flow, name, version, table, period)
    is_new, retrained = look is not None and not recorded, None
    if seen.decision["action"] == "retrain" and not (look and look["promoted"]):
        retrained = composite.retrain(flow, name, version, table, period, settings)
        is_new |= history.record_retraining(name, period, retrained)
    return Response(look, retrained, is_new)


def models_at_work(problem: Problem, period: str) -> str:
    """Return the version in charge of a period, and the challenger that is due with it, if any."""
    version = version_for_period(problem.name, period)
    challenger = due_challenger(problem.name, version, period, problem)
    return f"{version} {challenger.version}" if challenger else version


def due_challenger(
    name: str, champion: str, period: str, problem: Problem
) -> WaitingChallenger | None:
    """Return the challenger that the cycle of a period has to look at; None where there is none.

    Neither model may have seen the newest period with outcomes, and the version in charge of the
    cycle's period must still be champion.

    Parameters
    ----------
    name : str
        The registered model.
    champion : str
        The version in charge of the period.
    period : str
    problem : Problem
    """
    challenger = challengers.waiting(name)
    if challenger is None or promotion.champion(name) != champion:
        return None
    last_seen = versions.version(name, champion).tags.get(LAST_PERIOD_SEEN, "")
    judged_on = _newest_labelled(period, problem)
    return challenger if is_due(judged_on, last_seen, challenger.last_period_seen) else None


def take(flow: Flow, name: str, champion: str, table: str, period: str) -> Look | None:
    """Look at the challenger that waits, if it is due, and carry out what follows.

    The answer is recorded first, so that a cycle that was cut off finishes it, and one that is run
    again changes nothing.

    Parameters
    ----------
    flow : Flow
    name : str
        The registered model.
    champion : str
        The version in charge of the period.
    table : str
        URI of the clean table.
    period : str
        Of the cycle.

    Returns
    -------
    dict or None
        Of JSON types: ``challenger``, ``champion``, ``candidate``, ``judged_on``, ``look``,
        ``looks``, ``outcome``, ``promoted``, ``reason``, ``evidence``. None where no challenger is
        due.
    """
    look = ProductionHistory.load(name).looks.get(period)
    if look is None:
        look = _judge(flow, name, champion, table, period)
        if look is None:
            return None
        history.record_look(name, period, look)
    _carry_out(flow, name, look)
    return look


def _judge(flow: Flow, name: str, champion: str, table: str, period: str) -> Look | None:
    """Evaluate the challenger on the newest period with outcomes."""
    source = PeriodTable(artifacts.fetch(table))
    problem = source.problem
    judged_on = _newest_labelled(period, problem)
    challenger = due_challenger(name, champion, period, problem)
    if challenger is None or judged_on not in source.periods:
        return None
    earlier, rival = artifacts.read_json(challenger.verdict), version_uri(name, champion)
    look = {
        "challenger": challenger.version,
        "champion": champion,
        "candidate": earlier["candidate"],
        "judged_on": judged_on,
        "look": challenger.looks,
        "looks": earlier["looks"],
        "outcome": "refuse",
        "promoted": None,
        "evidence": "",
    }
    if earlier["champion"] != rival:
        reason = f"it was compared with {earlier['champion']}, which is no longer champion"
        return {**look, "reason": reason}
    judged = flow.run(
        "evaluate",
        candidate=earlier["candidate"],
        champion=rival,
        split=table,
        earlier=challenger.verdict,
        period=judged_on,
    )
    verdict = artifacts.read_json(judged.uri("verdict.json"))
    answer, reason, evidence = verdicts.outcome(verdict), explain_verdict(verdict), judged.run_id
    if answer in {"promote", verdicts.APPROVAL}:
        version = {"name": name, "version": challenger.version}
        uri = version_uri(name, challenger.version)
        served = rollout.serve(flow, {**version, "uri": uri}, split=table, period=judged_on)
        if served.refusal:
            answer, reason, evidence = "refuse", served.refusal, served.run_id
    return {
        **look,
        "look": verdict["look"],
        "looks": verdict["looks"],
        "outcome": answer,
        "promoted": challenger.version if answer == "promote" else None,
        "reason": reason,
        "evidence": evidence,
    }


def _carry_out(flow: Flow, name: str, look: Look) -> None:
    """Promote, refuse, or keep waiting; what was done before is not done again."""
    number, evidence = look["challenger"], look["evidence"]
    reason = f"look {look['look']} of {look['looks']}, at {look['judged_on']}: {look['reason']}"
    if look["outcome"] == "promote":
        if not promotion.was_promoted(name, number):
            version = composite.register_candidate(flow, look["candidate"], evidence)
            rollout.promote(flow, version["uri"], reason, evidence, look["champion"])
    elif look["outcome"] == "refuse":
        with announced_moves(name):
            promotion.refuse(name, number, reason, evidence)
    else:
        waiting = challengers.waiting(name)
        if waiting is None or waiting.version != number:
            return
        if waiting.last_period_seen < look["judged_on"]:
            composite.register_candidate(flow, look["candidate"], evidence)


def _newest_labelled(period: str, problem: Problem) -> str:
    """Return the newest period with outcomes that are due in a period."""
    return label_lag.newest_due(period, problem.monitoring.label_lag, problem.length)
