"""Rollout of a version: it is served and asked before it becomes champion."""

from collections.abc import Mapping
from dataclasses import dataclass

from longhaul.errors import LonghaulError
from longhaul.pipeline.flow import Flow, StepFailed
from longhaul.registry import promotion
from longhaul.tracking.tags import SERVING_REFUSAL

Version = Mapping[str, str]  # name, version and uri, as `register` writes them


@dataclass(frozen=True)
class Served:
    """Outcome of serving a version.

    Attributes
    ----------
    run_id : str
        Of the step that served it.
    refusal : str
        Why it cannot be served; empty where it can.
    """

    run_id: str
    refusal: str = ""


def serve(flow: Flow, version: Version, **rows: str) -> Served:
    """Serve a version and compare its answers with batch predictions.

    Parameters
    ----------
    flow : Flow
    version : mapping
        Of a challenger, as `register` wrote it.
    **rows : str
        Where the rows to ask about come from: the parameters ``split`` and ``period`` of `deploy`.

    Raises
    ------
    StepFailed
        When the step fails for a reason that does not speak against the model.
    LonghaulError
        When the version that cannot be served is champion.
    """
    try:
        return Served(flow.run("deploy", model=version["uri"], **rows).run_id)
    except StepFailed as failure:
        reason = failure.run.data.tags.get(SERVING_REFUSAL)
        if not reason:
            raise
        served = Served(failure.run.info.run_id, f"it cannot be served: {reason}")
    if version["version"] == promotion.champion(version["name"]):
        raise LonghaulError(f"{version['uri']} is champion, but {served.refusal}; roll it back")
    return served


def promote(flow: Flow, model: str, reason: str, evidence: str, expected_champion: str) -> None:
    """Make a version champion.

    Parameters
    ----------
    flow : Flow
    model : str
        URI of the version.
    reason : str
        For the ledger.
    evidence : str
        Ids of the runs that speak for it, with blanks between.
    expected_champion : str
        The version that must be champion now, ``"none"`` or ``"any"``.
    """
    flow.run(
        "promote",
        model=model,
        reason=reason,
        evidence=evidence,
        expected_champion=expected_champion,
    )
