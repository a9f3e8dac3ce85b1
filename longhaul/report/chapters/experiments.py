"""All runs: steps, families, trials, their results and times."""

from collections import defaultdict

from longhaul import tasks
from longhaul.report.document import (
    Cell,
    Picture,
    Section,
    Table,
    duration_cell,
    number_cell,
    text_cell,
)
from longhaul.report.run_tree import RunTree, StepRun
from longhaul.tracking.tags import ERROR, TRIAL_NUMBER


def sections(tree: RunTree) -> list[Section]:
    """Return all runs, the comparison of families and the searches."""
    chapter = [_all_runs(tree)]
    if families := _families(tree):
        chapter.append(families)
    chapter += [_search(tree, search) for search in tree.steps_of("tune")]
    return chapter


def effort(tree: RunTree) -> list[Section]:
    """Return the time that the life cycle took, by entry point."""
    spent: dict[str, float] = defaultdict(float)
    count: dict[str, int] = defaultdict(int)
    for step in tree.steps:
        is_parent = step.run.info.run_id == tree.parent.info.run_id
        if not step.reused and not is_parent and step.seconds is not None:
            spent[step.entry_point] += step.seconds
            count[step.entry_point] += 1
    total = sum(spent.values())
    parent = tree.link(tree.parent)
    rows = [
        [
            text_cell(name),
            number_cell(count[name], parent),
            duration_cell(took, parent),
            Cell(f"{took / total:.0%}", parent, True),
        ]
        for name, took in sorted(spent.items(), key=lambda item: -item[1])
    ]
    rows.append(
        [
            text_cell("all"),
            number_cell(sum(count.values()), parent),
            duration_cell(total, parent),
            text_cell(""),
        ]
    )
    intro = "Steps that ran in parallel count in full; reused steps count nothing."
    return [Section("Run time", intro, [Table(["Step", "Runs", "Time", "Share"], rows)])]


def _all_runs(tree: RunTree) -> Section:
    rows = [
        [
            text_cell("\u2003" * depth + step.name, tree.link(step.run)),
            text_cell(step.status),
            text_cell("reused")
            if step.reused
            else duration_cell(step.seconds, tree.link(step.run)),
            text_cell(step.headline, tree.link(step.run)),
        ]
        for step, depth in tree.walk()
        if TRIAL_NUMBER not in step.run.data.tags
    ]
    intro = "Child runs are indented below their parent; trials of a search are listed below."
    return Section("All runs", intro, [Table(["Run", "Status", "Time", "Result"], rows)])


def _families(tree: RunTree) -> Section | None:
    trained = sorted(
        tree.steps_of("train"), key=lambda step: step.metrics.get("valid_loss", float("inf"))
    )
    if not trained:
        return None
    task = tasks.task_for(tree.task_type())
    rows = [
        [
            text_cell(step.run.data.params.get("family"), tree.link(step.run)),
            *(
                number_cell(step.metrics.get(f"valid_{name}"), tree.link(step.run))
                for name in task.metrics
            ),
        ]
        for step in trained
    ]
    intro = (
        "Families with their default settings, fitted on the training window and compared on the"
        " validation window. The one with the lowest"
        f" {tasks.display_name(task.loss)} is tuned further."
    )
    headers = ["Family", *(tasks.display_name(name) for name in task.metrics)]
    return Section("The families", intro, [Table(headers, rows)])


def _search(tree: RunTree, search: StepRun) -> Section:
    trials = sorted(
        (run for run in tree.children(search) if TRIAL_NUMBER in run.run.data.tags),
        key=lambda trial: int(trial.run.data.tags[TRIAL_NUMBER]),
    )
    names = sorted(
        {name for trial in trials for name in trial.run.data.params if name.startswith("setting.")}
    )
    rows = [
        [
            number_cell(int(trial.run.data.tags[TRIAL_NUMBER]), tree.link(trial.run)),
            number_cell(trial.metrics.get("valid_loss"), tree.link(trial.run)),
            duration_cell(trial.metrics.get("seconds"), tree.link(trial.run)),
            *(_setting(trial.run.data.params.get(name), tree.link(trial.run)) for name in names),
            text_cell(trial.run.data.tags.get(ERROR, "")),
        ]
        for trial in trials
    ]
    headers = ["Trial", "Loss", "Time", *(name.removeprefix("setting.") for name in names), "Error"]
    pictures = [Picture(title, uri) for title, uri in search.pictures()]
    table = Table(headers, rows, f"{len(rows)} trials")
    title = f"The search: {search.run.data.params.get('family', search.name)}"
    return Section(title, f"{search.headline}.", [table] if rows else [], pictures)


def _setting(text: str | None, href: str) -> Cell:
    try:
        return number_cell(float(str(text)), href)
    except ValueError:
        return text_cell(text, href)
