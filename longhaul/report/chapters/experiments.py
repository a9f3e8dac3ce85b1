"""Every run: what was tried, what came of it, and the time it took."""

from collections import defaultdict

from longhaul import tasks
from longhaul.report.document import Cell, Picture, Section, Table, number_cell, duration_cell, text_cell
from longhaul.report.run_tree import RunTree, StepRun
from longhaul.tracking.tags import ERROR, TRIAL_NUMBER


def sections(tree: RunTree) -> list[Section]:
    """All runs, the families side by side, and the search."""
    found = [_everything(tree)]
    if families := _families(tree):
        found.append(families)
    found += [_search(tree, search) for search in tree.steps_of("tune")]
    return found


def effort(tree: RunTree) -> list[Section]:
    """What the life cycle cost in time, step by step."""
    spent: dict[str, float] = defaultdict(float)
    count: dict[str, int] = defaultdict(int)
    for step in tree.steps:
        itself = step.run.info.run_id == tree.parent.info.run_id
        if not step.reused and not itself and step.seconds is not None:
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
        [text_cell("all"), number_cell(sum(count.values()), parent), duration_cell(total, parent), text_cell("")]
    )
    lead = "Stages that ran side by side are counted one by one; what was reused cost nothing."
    return [Section("What it cost in time", lead, [Table(["Stage", "Runs", "Time", ""], rows)])]


def _everything(tree: RunTree) -> Section:
    rows = [
        [
            text_cell("\u2003" * depth + step.name, tree.link(step.run)),
            text_cell(step.status),
            text_cell("reused") if step.reused else duration_cell(step.seconds, tree.link(step.run)),
            text_cell(step.headline, tree.link(step.run)),
        ]
        for step, depth in tree.walk()
        if TRIAL_NUMBER not in step.run.data.tags
    ]
    lead = "Stages under the run that they are a part of; trials of a search are further down."
    return Section("Every experiment", lead, [Table(["Run", "Status", "Time", "Result"], rows)])


def _families(tree: RunTree) -> Section | None:
    trained = sorted(
        tree.steps_of("train"), key=lambda one: one.metrics.get("valid_loss", float("inf"))
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
    lead = (
        "With their default settings: fitted on the training window, compared on the validation"
        f" window. The lowest {tasks.display_name(task.loss)} is searched further."
    )
    heads = ["Family", *(tasks.display_name(name) for name in task.metrics)]
    return Section("The families", lead, [Table(heads, rows)])


def _search(tree: RunTree, search: StepRun) -> Section:
    trials = sorted(
        (one for one in tree.children(search) if TRIAL_NUMBER in one.run.data.tags),
        key=lambda one: int(one.run.data.tags[TRIAL_NUMBER]),
    )
    names = sorted(
        {name for one in trials for name in one.run.data.params if name.startswith("setting.")}
    )
    rows = [
        [
            number_cell(int(one.run.data.tags[TRIAL_NUMBER]), tree.link(one.run)),
            number_cell(one.metrics.get("valid_loss"), tree.link(one.run)),
            duration_cell(one.metrics.get("seconds"), tree.link(one.run)),
            *(_setting(one.run.data.params.get(name), tree.link(one.run)) for name in names),
            text_cell(one.run.data.tags.get(ERROR, "")),
        ]
        for one in trials
    ]
    heads = ["Trial", "Loss", "Time", *(name.removeprefix("setting.") for name in names), "Error"]
    pictures = [Picture(title, uri) for title, uri in search.pictures()]
    table = Table(heads, rows, f"{len(rows)} trials")
    title = f"The search: {search.run.data.params.get('family', search.name)}"
    return Section(title, f"{search.headline}.", [table] if rows else [], pictures)


def _setting(text: str | None, href: str) -> Cell:
    try:
        return number_cell(float(str(text)), href)
    except ValueError:
        return text_cell(text, href)
