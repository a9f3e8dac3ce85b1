"""The model as a service: how fast it answers, and whether it says what batches say."""

from longhaul.report.document import Section, Table, name_value_table, number_cell, text_cell
from longhaul.report.run_tree import RunTree


def sections(tree: RunTree) -> list[Section]:
    """The figures of `deploy`."""
    step = tree.last("deploy")
    found = step.json("deployment.json") if step else None
    if step is None or not found:
        return []
    href = tree.link(step.run)
    timed = [
        [
            text_cell(label),
            *(number_cell(one[key], href) for key in ("requests", "p50_ms", "p95_ms", "p99_ms")),
        ]
        for label, one in (
            ("one row a request", found["single"]),
            (f"{found['batches']['rows_per_request']} rows a request", found["batches"]),
        )
    ]
    heads = ["", "Requests", "Median, ms", "95%, ms", "99%, ms"]
    parity = found["parity"]
    same = name_value_table(
        [
            ("Answers compared with batch predictions", number_cell(parity["answers"], href)),
            ("Largest difference", text_cell(f"{parity['largest_difference']:.3g}", href)),
            ("Predictions on record", number_cell(found["recorded"], href)),
        ]
    )
    return [Section("Deployment", f"{step.headline}.", [Table(heads, timed), same])]
