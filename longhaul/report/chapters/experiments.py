"""Every run: what was tried, what came of it, and the time it took."""

from collections import defaultdict

from longhaul import tasks
from longhaul.report.document import Cell, Picture, Section, Table, number_cell, duration_cell, text_cell
from longhaul.report.run_tree import RunTree, StepRun
from longhaul.tracking.tags import ERROR, TRIAL_NUMBER


def sections(history: RunTree) -> list[Section]:
    """All runs, the families side by side, and the search."""
    found = [_everything(history)]
    if families := _families(history):
        found.append(families)
    found += [_search(history, search) for search in history.of("tune")]
    return found


def effort(history: RunTree) -> list[Section]:
    """What the life cycle cost in time, stage by stage."""
    spent: dict[str, float] = defaultdict(float)
    count: dict[str, int] = defaultdict(int)
    for stage in history.stages:
        itself = stage.run.info.run_id == history.parent.info.run_id
        if not stage.reused and not itself and stage.seconds is not None:
            spent[stage.entry_point] += stage.seconds
            count[stage.entry_point] += 1
    total = sum(spent.values())
    parent = history.link(history.parent)
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


def _everything(history: RunTree) -> Section:
    rows = [
        [
            text_cell("\u2003" * depth + stage.name, history.link(stage.run)),
            text_cell(stage.status),
            text_cell("reused") if stage.reused else duration_cell(stage.seconds, history.link(stage.run)),
            text_cell(stage.headline, history.link(stage.run)),
        ]
        for stage, depth in history.walk()
        if TRIAL_NUMBER not in stage.run.data.tags
    ]
    lead = "Stages under the run that they are a part of; trials of a search are further down."
    return Section("Every experiment", lead, [Table(["Run", "Status", "Time", "Result"], rows)])


def _families(history: RunTree) -> Section | None:
    trained = sorted(
        history.of("train"), key=lambda one: one.metrics.get("valid_loss", float("inf"))
    )
    if not trained:
        return None
    task = tasks.task_for(history.task_type())
    rows = [
        [
            text_cell(stage.run.data.params.get("family"), history.link(stage.run)),
            *(
                number_cell(stage.metrics.get(f"valid_{name}"), history.link(stage.run))
                for name in task.metrics
            ),
        ]
        for stage in trained
    ]
    lead = (
        "With their default settings: fitted on the training window, compared on the validation"
        f" window. The lowest {tasks.display_name(task.loss)} is searched further."
    )
    heads = ["Family", *(tasks.display_name(name) for name in task.metrics)]
    return Section("The families", lead, [Table(heads, rows)])


def _search(history: RunTree, search: StepRun) -> Section:
    trials = sorted(
        (one for one in history.under(search) if TRIAL_NUMBER in one.run.data.tags),
        key=lambda one: int(one.run.data.tags[TRIAL_NUMBER]),
    )
    names = sorted(
        {name for one in trials for name in one.run.data.params if name.startswith("setting.")}
    )
    rows = [
        [
            number_cell(int(one.run.data.tags[TRIAL_NUMBER]), history.link(one.run)),
            number_cell(one.metrics.get("valid_loss"), history.link(one.run)),
            duration_cell(one.metrics.get("seconds"), history.link(one.run)),
            *(_setting(one.run.data.params.get(name), history.link(one.run)) for name in names),
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
