"""The life cycle of a model, from raw data to a champion and through the periods that follow."""

import longhaul.pipeline.excepthook  # noqa: F401  # isort: skip  # before what may be missing

import mlflow

from longhaul import problem_yaml
from longhaul.data import problem_copy
from longhaul.data.table import PeriodTable
from longhaul.errors import LonghaulError
from longhaul.estimators.families import family_names
from longhaul.pipeline import caller, composite
from longhaul.pipeline.flow import Flow, open_flow
from longhaul.pipeline.parameters import Engine, Minutes, Seed, Trials
from longhaul.pipeline.step import step
from longhaul.production import period_metrics, retraining
from longhaul.production.history import ProductionHistory
from longhaul.registry import promotion, versions
from longhaul.registry.model_uri import version_uri
from longhaul.tracking import artifacts


@step
def main(
    problem: str,
    data: str,
    target: str,
    query: str,
    families: str,
    trials: Trials,
    minutes: Minutes,
    seed: Seed,
    use_cache: bool,
    engine: Engine,
) -> str:
    """Run the whole life cycle; `mlflow run . -e main` is the way to call it.

    Each step reads what the ones before it wrote, by URI, and nothing else.
    """
    with open_flow(use_cache) as flow:
        # What is to be predicted: a problem file, which init writes for a table without one.
        path = (
            caller.problem_file(problem)
            if not data
            else composite.declare_problem(flow, data, target, query)
        )
        declared = problem_yaml.load(path)
        name = declared.name
        names = family_names(families, problem_copy.family_files(declared, path.parent))
        mlflow.set_tag("mlflow.runName", name)
        if current := promotion.champion(name):
            versions.require_whole(name, current)

        # From the raw table to clean periods, and three windows of them.
        table = composite.clean_table(flow, path, engine)
        split = flow.run("split", table=table).uri("split")

        # Which family of models does best here, and how well can it do?
        family = composite.best_family(flow, split, names, seed)
        tuned = flow.run(
            "tune",
            split=split,
            family=family,
            trials=trials,
            minutes=minutes,
            seed=seed,
            resume=use_cache,
            engine=engine,
        )
        candidate = tuned.uri("model")

        # Is it good enough, and better than what is in production?
        incumbent = promotion.incumbent(name, candidate)
        champion = "" if incumbent == "none" else version_uri(name, incumbent)
        judged = flow.run(
            "evaluate", candidate=candidate, champion=champion, split=split, seed=seed
        )
        mlflow.log_metrics(dict(judged.metrics))

        # Then it is served and asked, and takes over if its answers are right.
        settled = composite.settle(flow, candidate, judged, judged.headline, incumbent, split)
        version = promotion.promoted_version(name, candidate) or promotion.champion(name)
        if version is None:
            raise LonghaulError(retraining.describe_first(name, settled))
        if version not in {settled["promoted"], settled["waiting"]}:
            flow.run("deploy", model=version_uri(name, version), split=split)

        # Into production: the periods that follow, each with the champion of its time.
        for period in PeriodTable(artifacts.fetch(table)).delivered:
            if declared.traffic is None and declared.windows.in_production(period):
                cycle = flow.run(
                    "cycle", problem=path, table=table, period=period, seed=seed, engine=engine
                )
                period_metrics.log(flow.parent_id, period, cycle.metrics)
        return report(flow, name, judged.headline)


def report(flow: Flow, name: str, candidate: str) -> str:
    """Write the report of the life cycle, print where it is, and return the headline."""
    champion = promotion.champion(name)
    pages = {"report": (flow.run("report", run=flow.parent_id).run_id, "report.html")}
    if run := ProductionHistory.load(name).run:
        pages["life"] = (run, "life.html")
    flow.summary(f"{name} version {champion}", candidate, pages)
    return f"{name} version {champion} is champion; candidate: {candidate}"


if __name__ == "__main__":
    main()
