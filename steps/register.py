"""Register a candidate as a version of the registered model."""

import mlflow

from longhaul.pipeline.step import step
from longhaul.production.announcements import announced_moves
from longhaul.registry import promotion
from longhaul.registry import verdict as verdicts
from longhaul.registry.model_uri import version_uri
from longhaul.tracking import artifacts, logged_models
from longhaul.tracking.tags import VERSION


@step
def register(candidate: str, verdict: str) -> str:
    """Register a candidate that the gate does not refuse: alias challenger, stage Staging."""
    judged = artifacts.read_json(verdict)
    verdicts.require_not_refused(judged, candidate, verdict)
    name = logged_models.load_problem(candidate).name
    tags = verdicts.version_tags(judged, verdict)
    with announced_moves(name):
        version = promotion.register(name, candidate, tags, verdicts.describe(judged))
    uri = version_uri(name, version)
    mlflow.log_dict({"name": name, "version": version, "uri": uri}, "version.json")
    mlflow.set_tag(VERSION, uri)
    status = "champion already" if version == promotion.champion(name) else "challenger, Staging"
    if verdicts.outcome(judged) == verdicts.UNDECIDED:
        status += f", undecided after look {judged['look']} of {judged['looks']}"
    if verdicts.outcome(judged) == verdicts.APPROVAL:
        status += ", waits for approval"
    return f"{name} version {version}: {status}"


if __name__ == "__main__":
    register()
