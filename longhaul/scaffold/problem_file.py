"""Problem files written from an inferred problem, for people to read and change."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from longhaul import problem_yaml
from longhaul.data import sources
from longhaul.errors import LonghaulError
from longhaul.problem import Problem
from longhaul.scaffold.columns import InferredColumn
from longhaul.scaffold.infer import InferredProblem

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|\d{4}(-\w+)*|batch-\d{4}")
_PLURALS = {"number": "numbers", "category": "categories", "date": "times"}
_MAX_COMMENTED = 50  # with more columns, none has a comment


def render(inferred: InferredProblem) -> str:
    """Render an inferred problem as the text of a problem file."""
    sections = (_head, _target, _periods, _columns, _costs, _contract, _gate, _monitoring)
    texts = ("\n".join(section(inferred)) for section in sections)
    return "\n\n".join(text for text in texts if text) + "\n"


def decisions(inferred: InferredProblem) -> list[str]:
    """List the decisions and their reasons, one per line."""
    target, plan = inferred.target.target, inferred.plan
    column_types = [column.column_format.partition(" ")[0] for column in inferred.features]
    counts = ", ".join(
        f"{column_types.count(column_type)} {plural}"
        for column_type, plural in _PLURALS.items()
        if column_type in column_types
    )
    rows = ", ".join(f"{name} {count:,}" for name, count in plan.rows.items())
    if plan.time:
        order = f"by {plan.time.column!r}, {plan.time.period} by {plan.time.period}"
    else:
        hashed = f" of {inferred.group!r}" if inferred.group else ""
        order = (
            f"by a hash{hashed}: there is no time column to order them by; each later file is a"
            " batch of its own"
        )
    excluded = inferred.excluded
    return [
        f"{inferred.rows:,} rows, {len(inferred.columns) + 1:,} columns",
        f"target {target.column!r}: {target.task_type}; {inferred.target.reason}",
        f"features: {counts}",
        *(f"left out: {column.name!r} {column.reason}" for column in excluded[:20]),
        *([f"left out: {len(excluded) - 20} more, see the file"] if excluded[20:] else []),
        f"rows are split {order}: {rows}",
        *(f"note: {note}" for note in inferred.notes),
        *(
            ["to be decided: costs are 1 to 1; what does each error cost you?"]
            if target.task_type == "binary"
            else []
        ),
    ]


def parse(content: str, path: Path) -> Problem:
    """Parse the text of a problem file."""
    return problem_yaml.parse(yaml.load(content, Loader=yaml.BaseLoader), str(path))


def file_name(address: str) -> str:
    """Derive the name of a problem file from the address of its table."""
    stem = address.rstrip("/").partition("?")[0].rpartition("/")[2].partition(".")[0]
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_")[:100]
    return f"{name or 'table'}.yaml"


def source_address(path: Path, address: str, folder: Path) -> str:
    """Return the address of a table for its problem file: relative if below the file's folder."""
    if not sources.is_path(address):
        return address
    table = folder / address
    return str(table.relative_to(path.parent) if table.is_relative_to(path.parent) else table)


def write(path: Path, content: str) -> None:
    """Write a problem file, unless it exists with the same content.

    Raises
    ------
    LonghaulError
        When it exists with other content: it may have been changed by hand.
    """
    if path.exists():
        if path.read_text(encoding="utf-8") == content:
            return
        raise LonghaulError(
            f"{path}: exists already with other content; to use it, run main with"
            f" -P problem={path.name}; to replace it, move it away first"
        )
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise LonghaulError(f"{path}: cannot be written: {error.strerror}") from None


def _head(inferred: InferredProblem) -> Iterator[str]:
    yield f"# Written by init from {inferred.rows:,} rows. Check it, and change what is wrong."
    yield f"name: {_quote(inferred.name)}"
    yield f"source: {_quote(inferred.source)}"
    if inferred.query:
        yield f"query: {_quote(inferred.query)}"


def _target(inferred: InferredProblem) -> Iterator[str]:
    target = inferred.target.target
    yield f"target: # {_one_line(inferred.target.reason)}"
    yield f"  column: {_quote(target.column)}"
    yield f"  task_type: {target.task_type}"
    if target.task_type == "binary":
        yield f"  positive: {_quote(target.positive)}"
    if target.classes:
        yield f"  classes: {_list(target.classes)}"


def _periods(inferred: InferredProblem) -> Iterator[str]:
    plan = inferred.plan
    if plan.time:
        yield "time:"
        yield f"  column: {_quote(plan.time.column)}"
        yield f"  period: {plan.time.period}"
        if plan.time.zone:
            yield f"  zone: {_quote(plan.time.zone)} # times with an offset are converted to it"
    if plan.batches:
        yield "batches: # there is no time column"
        yield (
            f"  parts: {plan.batches.parts} # of the source, each row by a hash; the last ones"
            " stand for later rows"
        )
        yield '  later: "" # files that arrive later, such as arrivals/*.csv; each is a batch more'
    yield ""
    yield "windows: # first and last period of each; production has no end"
    for name, rows in plan.rows.items():
        yield f"  {name}: {_list(getattr(plan.windows, name))} # {rows:,} rows"


def _columns(inferred: InferredProblem) -> Iterator[str]:
    yield "columns: # the format of each"
    form = str(inferred.target.form.form)
    if form not in {"number", "category"}:
        yield f"  {_quote(inferred.target.target.column)}: {_quote(form)} # the target"
    yield from (_column(column, len(inferred.features)) for column in inferred.features)
    yield ""
    yield "leave_out:" + ("" if inferred.excluded else " []")
    yield from (
        f"  - {_quote(column.name)} # {_one_line(column.reason)}" for column in inferred.excluded
    )
    yield ""
    if inferred.group:
        yield f"group: {_quote(inferred.group)} # rows of one group stay in one window"
    yield f"slices: {_list(inferred.slices)} # performance is broken down by these"


def _costs(inferred: InferredProblem) -> Iterator[str]:
    if inferred.target.target.task_type == "binary":
        yield "costs: # to be decided: what does each error cost you, in any unit?"
        yield "  false_positive: 1"
        yield "  false_negative: 1"


def _contract(inferred: InferredProblem) -> Iterator[str]:
    yield "contract: # how far later rows may differ from the training window"
    yield "  margin: 1 # of a number beyond its range, in widths of that range"
    yield "  missing: 0.2"
    yield "  unseen: 0.2"
    yield "  quarantine: 0.05 # a higher share of bad rows fails the step"


def _gate(inferred: InferredProblem) -> Iterator[str]:
    gate, task_type = inferred.gate, inferred.target.target.task_type
    yield "gate: # to be decided: what is good enough?"
    yield f"  min_rows: {gate.min_rows}"
    if task_type == "binary":
        yield f"  min_auc: {gate.min_auc}"
    if task_type == "multiclass":
        yield f"  min_accuracy: {gate.min_accuracy} # the share of the most common class"
    if task_type == "regression":
        yield f"  min_r2: {gate.min_r2}"
    else:
        yield f"  max_calibration_error: {gate.max_calibration_error}"


def _monitoring(inferred: InferredProblem) -> Iterator[str]:
    yield "monitoring:"
    yield f"  min_rows: {inferred.min_rows} # a period with fewer rows is too small to be judged"


def _column(column: InferredColumn, count: int) -> str:
    facts = [f"{column.distinct:,} values"]
    facts += [f"{column.missing:.1%} missing"] if column.missing else []
    facts += [f"blanks are {', '.join(map(repr, column.blanks))}"] if column.blanks else []
    facts += [f"such as {column.example}"] if column.example else []
    facts += ["check the format: two fit"] if any("fits" in note for note in column.notes) else []
    comment = f" # {_one_line(', '.join(facts))}" if count <= _MAX_COMMENTED else ""
    return f"  {_quote(column.name)}: {_quote(column.column_format)}{comment}"


def _list(names: Iterable[str]) -> str:
    return "[" + ", ".join(map(_quote, names)) + "]"


def _quote(value: str) -> str:
    """Quote a text for YAML if necessary."""
    quoted = value if _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)
    return "".join(
        character if character.isprintable() else f"\\U{ord(character):08x}" for character in quoted
    )


def _one_line(comment: str) -> str:
    """Put a comment on one line, without what YAML does not let stand."""
    shown = (character if character.isprintable() else " " for character in comment)
    return " ".join("".join(shown).split())
