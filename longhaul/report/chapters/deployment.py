"""The model as a service: how fast it answers, and whether it says what batches say."""

from longhaul.report.document import Section, Table, facts, number, words
from longhaul.report.run_tree import History


def sections(history: History) -> list[Section]:
    """The figures of `deploy`."""
    stage = history.last("deploy")
    found = stage.json("deployment.json") if stage else None
    if stage is None or not found:
        return []
    href = history.link(stage.run)
    timed = [
        [
            words(label),
            *(number(one[key], href) for key in ("requests", "p50_ms", "p95_ms", "p99_ms")),
        ]
        for label, one in (
            ("one row a request", found["single"]),
            (f"{found['batches']['rows_per_request']} rows a request", found["batches"]),
        )
    ]
    heads = ["", "Requests", "Median, ms", "95%, ms", "99%, ms"]
    parity = found["parity"]
    same = facts(
        [
            ("Answers compared with batch predictions", number(parity["answers"], href)),
            ("Largest difference", words(f"{parity['largest_difference']:.3g}", href)),
            ("Predictions on record", number(found["recorded"], href)),
        ]
    )
    return [Section("Deployment", f"{stage.headline}.", [Table(heads, timed), same])]
