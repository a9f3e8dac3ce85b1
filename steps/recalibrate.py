"""Correct the level of a version's probabilities by the outcomes so far, or take that back."""

import mlflow

from longhaul.pipeline.parameters import CorrectionState
from longhaul.pipeline.step import step
from longhaul.production import recalibration
from longhaul.production.announcements import announced_moves
from longhaul.production.history import ProductionHistory
from longhaul.production.recalibration import Recalibration
from longhaul.registry import corrections, ledger
from longhaul.registry.model_uri import ModelUri, resolve_model


def earlier_evidence(model: str, period: str) -> str:
    """Digest the model's history before the period, and whether its correction is taken back."""
    version = resolve_model(model)
    past = ProductionHistory.load(version.name)
    digest = (past.before(period) if period else past).digest()
    return f"{digest} {corrections.is_off(version)}"


@step(state=earlier_evidence)
def recalibrate(
    model: str, predictions: str, table: str, period: str, state: CorrectionState, reason: str
) -> str:
    """Make a correction the version's, and correct a period's predictions by it."""
    version, run = recalibration.require_version(model), mlflow.active_run().info.run_id
    if state == "off":
        with announced_moves(version.name):
            is_new = corrections.withdraw(version, reason, run)
        _log_ledger(version)
        return f"{version.uri}: correction {'is' if is_new else 'was'} taken back"
    if state == "on":
        _allow(version, reason, run)
    made = Recalibration.make(version, predictions, table, period)
    uri, explained = made.log(), made.explain()
    why = "; ".join(filter(None, [reason, explained]))
    with announced_moves(version.name):
        tag = corrections.store(version, uri, made.correction, why, run)
    if tag == corrections.OFF:
        made, explained = made.withdrawn(), "its correction is taken back; state=on allows it again"
    figures = made.rewrite(predictions, period) if predictions else {}
    record = {"version": version.uri, "correction": tag, "rewritten": bool(figures)}
    mlflow.log_dict(record, recalibration.RECORD)
    corrected = f"{figures['corrected_rows']:,.0f} rows of {period}; " if figures else ""
    return f"{version.uri}: {corrected}{explained}"


def _allow(version: ModelUri, reason: str, run: str) -> None:
    with announced_moves(version.name):
        is_new = corrections.allow(version, reason, run)
    if is_new:
        _log_ledger(version)


def _log_ledger(version: ModelUri) -> None:
    mlflow.log_dict([line.to_dict() for line in ledger.lines(version.name)], "ledger.json")


if __name__ == "__main__":
    recalibrate()
