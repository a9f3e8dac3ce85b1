"""The model as a service: response times, and parity with batch predictions."""

from longhaul.report.document import Section, Table, name_value_table, number_cell, text_cell
from longhaul.report.run_tree import RunTree


def sections(tree: RunTree) -> list[Section]:
    """Return the figures of the deploy step."""
    step = tree.last("deploy")
    deployment = step.json("deployment.json") if step else None
    if step is None or not deployment:
        return []
    href = tree.link(step.run)
    batches = deployment["batches"]
    timed = [
        [
            text_cell(label),
            *(number_cell(times[key], href) for key in ("requests", "p50_ms", "p95_ms", "p99_ms")),
        ]
        for label, times in (
            ("one row per request", deployment["single"]),
            (
                f"{batches['rows_per_request']} rows per request",
                batches,
            ),
        )
    ]
    headers = ["", "Requests", "Median, ms", "95%, ms", "99%, ms"]
    parity = deployment["parity"]
    parity_table = name_value_table(
        [
            ("Responses compared with batch predictions", number_cell(parity["answers"], href)),
            ("Largest difference", text_cell(f"{parity['largest_difference']:.3g}", href)),
            ("Predictions in the log", number_cell(deployment["recorded"], href)),
        ]
    )
    return [Section("Deployment", f"{step.headline}.", [Table(headers, timed), parity_table])]
