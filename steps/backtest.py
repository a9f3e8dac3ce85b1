"""Live through the production periods again under other policies: what does retraining buy?"""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import mlflow
from tqdm import tqdm

from longhaul.backtest.comparison import compare
from longhaul.backtest.policies import POLICIES, PolicyResult, Backtest, TrainedModel
from longhaul.data import periods, windows
from longhaul.data.table import PeriodTable
from longhaul.errors import LonghaulError
from longhaul.pipeline.parameters import Seed, Window
from longhaul.pipeline.step import step
from longhaul.plots import backtest as plots
from longhaul.problem import Problem
from longhaul.registry import versions
from longhaul.registry.model_uri import resolve_model
from longhaul.report import template
from longhaul.tracking import artifacts, candidates, logged_models
from longhaul.training import candidate


@step
def replay(model: str, table: str, window: Window, seed: Seed) -> str:
    """Compare policies over the same periods: log loss, AUC, cost, trainings and their time."""
    folder, identity = artifacts.fetch(table), resolve_model(model)
    problem = PeriodTable(folder).problem
    if problem.target.task_type != "binary" or problem.time is None:
        raise LonghaulError("replay: it compares days with two classes; this table has none")
    start = logged_models.load_for(identity.uri, problem)
    settings = candidates.read_settings(candidates.settings_uri(versions.run_of_version(identity.uri)))

    def train(newest: str, gated: bool) -> TrainedModel:
        """On what was known when `newest` was over."""
        began = time.perf_counter()
        moved, (fit, valid) = _windows(folder, problem, newest, gated, window)
        fitted = candidate.fit(moved, fit, valid, start.predictor.family, settings, seed, 0)
        return TrainedModel(fitted.package, time.perf_counter() - began)

    baseline = float(versions.version(identity.name, identity.version).tags["test_auc"])
    again = Backtest(problem, start, baseline, lambda p: PeriodTable(folder).read([p]), train)
    lived = [one for one in PeriodTable(folder).periods if problem.windows.in_production(one)]
    courses = [
        again.run(policy, lived)
        for policy in tqdm(POLICIES, desc="replay", unit="policy", leave=False, disable=None)
    ]
    return _log(courses, problem, lived, seed)


def _windows(
    folder: Path, problem: Problem, newest: str, gated: bool, kind: str
) -> tuple[Problem, list[Any]]:
    """The problem as it stood then, with the rows to fit and to validate on."""
    found = [label for label in PeriodTable(folder).periods if label <= newest]
    test = newest if gated else periods.shift(newest, 1)
    moved = windows.until(problem, sorted({*found, test}), test, kind)
    spans = (moved.windows.train, moved.windows.valid)
    chosen = [periods.select(found, span, "train") for span in spans]
    return moved, [PeriodTable(folder).read(each) for each in chosen]


def _log(courses: list[PolicyResult], problem: Problem, lived: list[str], seed: int) -> str:
    """The table, the picture and the page; what the best policy buys."""
    compared = compare(courses, problem.gate.confidence, seed)
    rows = [_row(course, compared[course.policy.name]) for course in courses]
    mlflow.log_dict({"periods": lived, "policies": rows}, "replay.json")
    for row in rows:
        name = row["policy"].replace(",", "").replace(" ", "_")
        figures = {metric: row[metric]["value"] for metric in plots.METRICS}
        counts = {key: float(row[key]) for key in ("trained", "promoted", "seconds")}
        mlflow.log_metrics({f"{name}/{key}": value for key, value in (figures | counts).items()})
    picture = plots.policies(rows)
    with artifacts.log_folder("plots") as folder:
        picture.savefig(folder / "replay.png")
    page = template.render(
        "replay.html.jinja", name=problem.name, periods=lived, rows=rows, picture=picture
    )
    mlflow.log_text(page, "replay.html")
    best = min(rows, key=lambda row: row["log_loss"]["value"])
    gain = best["log_loss_difference"]
    return (
        f"{best['policy']} is best: log loss {best['log_loss']['value']:.4f},"
        f" {gain['value']:+.4f} [{gain['low']:+.4f}, {gain['high']:+.4f}] against never,"
        f" for {best['trained']} trainings"
    )


def _row(course: PolicyResult, figures: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "policy": course.policy.name,
        "trained": sum(month.trained for month in course.months),
        "promoted": sum(month.promoted for month in course.months),
        "seconds": course.seconds,
        "months": [asdict(month) for month in course.months],
    }
    for name, (value, difference) in figures.items():
        found[name], found[f"{name}_difference"] = asdict(value), asdict(difference)
    return found


if __name__ == "__main__":
    replay()
