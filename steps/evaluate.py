"""Read the test window once: metrics, pictures, and the gate's verdict."""

import mlflow

from longhaul.data.split import Split
from longhaul.evaluation import gate, scored_rows
from longhaul.evaluation.intervals import intervals
from longhaul.json_values import replace_non_finite
from longhaul.pipeline.parameters import Seed
from longhaul.pipeline.step import step
from longhaul.registry.model_uri import resolve_model
from longhaul.tracking import artifacts, datasets, evaluations, logged_models


@step
def evaluate(candidate: str, split: str, champion: str, seed: Seed) -> str:
    """Judge a candidate on the test window, against the champion if there is one."""
    windows = Split(artifacts.fetch(split))
    problem = windows.problem
    package = logged_models.load_for(candidate, problem)
    champion = resolve_model(champion).uri if champion else ""  # an alias may move on
    rival = logged_models.load_for(champion, problem) if champion else None
    rows = scored_rows.score_rows(problem, windows.read("test"), package.predictor)
    digest = datasets.digest(rows.frame)
    datasets.log(rows.frame, f"{problem.name}-test", split, digest, context="test")

    metrics = intervals(
        rows.task, rows.outcome, rows.scores, rows.clusters, problem.gate.confidence
    )
    evidence = scored_rows.gather_evidence(rows, package, rival, metrics, seed)
    verdict = gate.judge(problem.gate, evidence)
    decisions = scored_rows.judge_decisions(rows)
    mlflow.log_metrics(scored_rows.name_metrics(metrics, decisions, evidence))
    if rows.varied:
        primary = metrics[rows.task.primary_metric].value
        evaluations.log_details(rows, package.predictor, primary, seed)
    record = {
        "title": f"{problem.name}: {package.predictor.family}",
        "kind": problem.target.task_type,
        "candidate": candidate,
        "champion": champion or None,
        **scored_rows.verdict_to_dict(verdict, evidence),
        "decisions": decisions,
        "threshold": rows.threshold,
    }
    mlflow.log_dict(replace_non_finite(record), "verdict.json")
    return scored_rows.summarize(rows.task, metrics, verdict)


if __name__ == "__main__":
    evaluate()
