"""What is predicted, of what, and how it is gone about."""

from longhaul.problem import Problem
from longhaul.report.document import Section, Table, name_value_table, number_cell, text_cell
from longhaul.report.run_tree import RunTree

_METHOD = {
    "train": "Fits a model. No other window is looked at.",
    "valid": "Chooses: the family, its settings, when to stop, where to decide.",
    "test": "Judges. It is read once, after every choice was made.",
}


def sections(tree: RunTree) -> list[Section]:
    """The problem as it was declared, and the windows that keep the judgement honest."""
    problem, split = tree.problem(), tree.last("split")
    if problem is None:
        return []
    found = [Section("The problem", tables=[_declared(tree, problem)])]
    windows = split.json("split/windows.json") if split else None
    if split and windows:
        href = tree.link(split.run)
        rows = [
            [
                text_cell(name),
                text_cell(f"{one['first']} to {one['last']}"),
                number_cell(one["rows"], href),
                number_cell(one.get("positive_share", one.get("target_mean")), href),
                text_cell(_METHOD[name]),
            ]
            for name, one in windows.items()
        ]
        outcome = "Mean" if problem.target.task_type == "regression" else "Positive share"
        lead = (
            "Once the settings are chosen, the candidate is fitted again on training and"
            " validation together, because the newest rows are worth most. Then the gate judges"
            " it on the test window, against limits and against the champion."
        )
        if problem.target.task_type == "multiclass":
            rows = [[*row[:3], row[4]] for row in rows]
            heads = ["Window", "Periods", "Rows", "What it is for"]
        else:
            heads = ["Window", "Periods", "Rows", outcome, "What it is for"]
        found.append(Section("The method", lead, [Table(heads, rows)]))
    return found


def predicts(problem: Problem) -> str:
    """What is predicted, in words."""
    target = problem.target
    said = {
        "binary": f"whether {target.column} is {target.positive}",
        "multiclass": f"which {target.column}: {', '.join(target.classes)}",
        "regression": f"{target.column}, a number",
    }
    return said[target.task_type]


def _declared(tree: RunTree, problem: Problem) -> Table:
    step = tree.last("split") or tree.last("validate") or tree.last("ingest")
    href = tree.link(step.run) if step else ""
    target, monitoring = problem.target, problem.monitoring
    rows = [
        ("Predicts", text_cell(predicts(problem))),
        ("From", text_cell(problem.source)),
        (
            "Time",
            text_cell(f"{problem.time.column}, by {problem.time.period}" if problem.time else "none"),
        ),
        ("Left out", text_cell(", ".join(problem.leave_out))),
        ("Looked at by", text_cell(", ".join(problem.slices))),
    ]
    if target.task_type == "binary":
        rows += [
            ("A false alarm costs", text_cell(f"{problem.costs.false_positive:g}", href)),
            ("A miss costs", text_cell(f"{problem.costs.false_negative:g}", href)),
        ]
    rows += [
        ("The gate asks for", text_cell(f"{problem.gate.min_rows:,} rows to judge by", href)),
        ("Retraining is due", text_cell(_due(*monitoring.persistence, monitoring.fall), href)),
    ]
    return name_value_table(rows)


def _due(times: int, periods: int, fall: float) -> str:
    return f"when it was lower by more than {fall:g} in {times} of the last {periods} periods"
