"""Register a candidate as a version of the registered model."""

import mlflow

from longhaul.pipeline.step import step
from longhaul.registry import promotion
from longhaul.registry import verdict as verdicts
from longhaul.registry.model_uri import version_uri
from longhaul.tracking import artifacts, logged_models
from longhaul.tracking.tags import LAST_PERIOD_SEEN, VERDICT, VERSION


@step
def register(candidate: str, verdict: str) -> str:
    """Register a candidate that has passed the gate: alias challenger, stage Staging."""
    judged = artifacts.read_json(verdict)
    verdicts.require_passed(judged, candidate, verdict)
    name = logged_models.load_problem(candidate).name
    last_period = verdicts.last_period_seen(judged)
    tags = {VERDICT: verdict, LAST_PERIOD_SEEN: last_period, **verdicts.metric_tags(judged)}
    version = promotion.register(name, candidate, tags, verdicts.describe(judged))
    uri = version_uri(name, version)
    mlflow.log_dict({"name": name, "version": version, "uri": uri}, "version.json")
    mlflow.set_tag(VERSION, uri)
    status = "champion already" if version == promotion.champion(name) else "challenger, Staging"
    return f"{name} version {version}: {status}"


if __name__ == "__main__":
    register()
