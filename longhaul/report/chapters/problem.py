"""The problem: target, source, windows and method."""

from longhaul.problem import Problem
from longhaul.report.document import Section, Table, name_value_table, number_cell, text_cell
from longhaul.report.run_tree import RunTree

_METHOD = {
    "train": "Fits the models.",
    "valid": "Chooses the family, its settings and early stopping.",
    "test": "Judges the candidate. It is read once, after all choices.",
}


def sections(tree: RunTree) -> list[Section]:
    """Return the declared problem, and the windows with their purposes."""
    problem, split = tree.problem(), tree.last("split")
    if problem is None:
        return []
    chapter = [Section("The problem", tables=[_declared(tree, problem)])]
    windows = split.json("split/windows.json") if split else None
    if split and windows:
        href = tree.link(split.run)
        rows = [
            [
                text_cell(name),
                text_cell(f"{window['first']} to {window['last']}"),
                number_cell(window["rows"], href),
                number_cell(window.get("positive_share", window.get("target_mean")), href),
                text_cell(_METHOD[name]),
            ]
            for name, window in windows.items()
        ]
        outcome = "Mean" if problem.target.task_type == "regression" else "Positive share"
        intro = (
            "Once the settings are chosen, the candidate is fitted again on the training and"
            " validation windows together, because the newest rows are the most relevant. Then the"
            " gate judges it on the test window, against limits and against the champion."
        )
        if problem.target.task_type == "multiclass":
            rows = [[*row[:3], row[4]] for row in rows]
            headers = ["Window", "Periods", "Rows", "Purpose"]
        else:
            headers = ["Window", "Periods", "Rows", outcome, "Purpose"]
        chapter.append(Section("The method", intro, [Table(headers, rows)]))
    return chapter


def predicts(problem: Problem) -> str:
    """Describe the target in words."""
    target = problem.target
    descriptions = {
        "binary": f"whether {target.column} is {target.positive}",
        "multiclass": f"which {target.column}: {', '.join(target.classes)}",
        "regression": f"{target.column}, a number",
    }
    return descriptions[target.task_type]


def _declared(tree: RunTree, problem: Problem) -> Table:
    step = tree.last("split") or tree.last("validate") or tree.last("ingest")
    href = tree.link(step.run) if step else ""
    target, monitoring = problem.target, problem.monitoring
    rows = [
        ("Predicts", text_cell(predicts(problem))),
        ("Source", text_cell(problem.source)),
        (
            "Time",
            text_cell(
                f"{problem.time.column}, by {problem.time.period}" if problem.time else "none"
            ),
        ),
        ("Excluded columns", text_cell(", ".join(problem.leave_out))),
        ("Slices", text_cell(", ".join(problem.slices))),
    ]
    if target.task_type == "binary":
        rows += [
            ("Cost of a false positive", text_cell(f"{problem.costs.false_positive:g}", href)),
            ("Cost of a false negative", text_cell(f"{problem.costs.false_negative:g}", href)),
        ]
    rows += [
        ("The gate requires", text_cell(f"at least {problem.gate.min_rows:,} test rows", href)),
        ("Retraining", text_cell(_due(*monitoring.persistence, monitoring.fall), href)),
    ]
    return name_value_table(rows)


def _due(times: int, periods: int, fall: float) -> str:
    return f"when performance fell by more than {fall:g} in {times} of the last {periods} periods"
