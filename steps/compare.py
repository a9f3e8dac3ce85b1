"""Compare what a shadow said with what the champion answered, on the requests of a period."""

from dataclasses import asdict
from math import isfinite

import mlflow

from longhaul.errors import LonghaulError
from longhaul.evaluation import shadow_comparison
from longhaul.json_values import replace_non_finite
from longhaul.pipeline import caller
from longhaul.pipeline.step import step
from longhaul.production import live_traffic
from longhaul.registry.model_uri import resolve_model
from longhaul.report import shadow as pages
from longhaul.tracking.tags import SHADOW_COMPARISON
from longhaul.traffic import shadow_rows


def answered(shadow: str, table: str, traffic: str, outcomes: str, query: str, period: str) -> str:
    """Digest the rows that were answered up to the period, and what the shadow said of them."""
    folder, version = caller.folder(), resolve_model(shadow)
    rows = live_traffic.digest(table, traffic, outcomes, query, period, folder)
    return str([rows, version.uri, len(live_traffic.shadow_files(traffic, version, folder))])


@step(state=answered)
def compare(shadow: str, table: str, traffic: str, outcomes: str, query: str, period: str) -> str:
    """Compare predictions and decisions; where there are outcomes, losses and costs in pairs."""
    folder, version = caller.folder(), resolve_model(shadow)
    if not live_traffic.shadow_files(traffic, version, folder):
        raise LonghaulError(
            f"shadow: {version.uri} has predicted no request in {traffic}; start serve with"
            " shadow=<alias>"
        )
    with live_traffic.open_log(table, traffic, outcomes, query, folder) as served:
        pairs = served.paired(version.key, period)
        problem = served.problem
    if not pairs.num_rows:
        raise LonghaulError(f"period: the service was asked about no row of {period}")
    rows, champion, predicted = shadow_rows.split(pairs)
    compared = shadow_comparison.compare(rows, champion, predicted, problem, period)
    seconds = shadow_rows.seconds_per_row(live_traffic.shadow_files(traffic, version, folder))
    record = {"period": period, "shadow": version.uri, "seconds_per_row": seconds}
    mlflow.log_dict(replace_non_finite({**record, **asdict(compared)}), "comparison.json")
    mlflow.log_metrics(
        {**compared.metrics(), **({"seconds_per_row": seconds} if isfinite(seconds) else {})}
    )
    page = pages.render(version, period, compared, seconds, champion, predicted)
    mlflow.log_text(page, "comparison.html")
    uri = f"runs:/{mlflow.active_run().info.run_id}/comparison.json"
    mlflow.MlflowClient().set_model_version_tag(
        version.name, version.version, SHADOW_COMPARISON, uri
    )
    return compared.headline(period)


if __name__ == "__main__":
    compare()
