"""Train a challenger on the newest data, and promote it if it beats the champion there."""

import mlflow

from longhaul.pipeline import clean_table, composite
from longhaul.pipeline.flow import open_flow
from longhaul.pipeline.parameters import Engine, Minutes, RetrainingTrials, Seed, Window
from longhaul.pipeline.step import step
from longhaul.production.retraining import describe_retraining
from longhaul.registry.model_uri import resolve_model


@step
def retrain(
    model: str,
    table: str,
    period: str,
    window: Window,
    trials: RetrainingTrials,
    minutes: Minutes,
    seed: Seed,
    use_cache: bool,
    engine: Engine,
) -> str:
    """Fit a challenger, compare it in pairs with the champion, and promote it if it is better."""
    champion = resolve_model(model)
    table = clean_table.resolve(table, champion.uri)
    with open_flow(use_cache) as flow:
        split = flow.run("split", table=table, until=period, window=window).uri("split")
        search = composite.Search(trials, minutes, use_cache, engine) if trials else None
        candidate = composite.fit_challenger(flow, champion.uri, split, seed, search).uri("model")
        judged = flow.run(
            "evaluate", candidate=candidate, champion=champion.uri, split=split, seed=seed
        )
        reason = f"trained again on the evidence of {period}: {judged.headline}"
        settled = composite.settle(flow, candidate, judged, reason, champion.version, split)
    outcome = {
        "period": period,
        "champion": champion.uri,
        "candidate": candidate,
        "passed": settled["outcome"] == "promote",
        **settled,
        "evidence": judged.run_id,
    }
    mlflow.log_dict(outcome, "retrain.json")
    mlflow.log_metrics(dict(judged.metrics))
    return describe_retraining(outcome, champion.version)


if __name__ == "__main__":
    retrain()
