"""Judge a candidate on rows it has not seen: metrics, pictures, and the gate's verdict."""

import mlflow

from longhaul.data import judging
from longhaul.evaluation import comparison, gate, scored_rows
from longhaul.evaluation.intervals import intervals
from longhaul.json_values import replace_non_finite
from longhaul.monitoring import judged_counts
from longhaul.pipeline.parameters import Seed
from longhaul.pipeline.step import step
from longhaul.registry.model_uri import resolve_model
from longhaul.tracking import artifacts, datasets, evaluations, logged_models


@step
def evaluate(
    candidate: str, split: str, champion: str, seed: Seed, earlier: str, period: str
) -> str:
    """Judge a candidate on the test window, or a later period, against the champion if any."""
    problem, frame = judging.read(artifacts.fetch(split), period)
    package = logged_models.load_for(candidate, problem)
    champion = resolve_model(champion).uri if champion else ""  # an alias may move on
    rival = logged_models.load_for(champion, problem) if champion else None
    rows = scored_rows.score_rows(problem, frame, package.predictor)
    name = f"{problem.name}-{period or 'test'}"
    datasets.log(frame, name, split, datasets.digest(frame), context="test")

    level, counts = problem.gate.confidence, judged_counts.count(rows, package)
    metrics = intervals(rows.task, rows.outcome, rows.scores, rows.clusters, level)
    metrics |= judged_counts.decision_metrics(counts, problem)
    before = comparison.of_verdict(
        artifacts.read_json(earlier) if earlier else None, candidate, champion, earlier
    )
    evidence = scored_rows.gather_evidence(rows, package, metrics, rival, before)
    verdict, decisions = gate.judge(problem.gate, evidence), scored_rows.judge_decisions(rows)
    mlflow.log_metrics(scored_rows.name_metrics(metrics, decisions, evidence))
    if rows.varied:
        primary = metrics[rows.task.primary_metric].value
        evaluations.log_details(rows, package.predictor, primary, seed)
    evaluations.log_counts(counts)
    record = {
        "title": f"{problem.name}: {package.predictor.family}",
        "kind": problem.target.task_type,
        "candidate": candidate,
        "champion": champion or None,
        **scored_rows.verdict_to_dict(verdict, evidence),
        "looks": problem.gate.looks,
        "approval": problem.gate.approval,
        "decisions": decisions,
        "threshold": rows.threshold,
    }
    mlflow.log_dict(replace_non_finite(record), "verdict.json")
    return scored_rows.summarize(rows.task, evidence, verdict)


if __name__ == "__main__":
    evaluate()
