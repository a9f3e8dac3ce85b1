"""A survey as a problem file that a person can read, and change."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from longhaul import problem as problems
from longhaul.data import sources
from longhaul.errors import LonghaulError
from longhaul.problem import Problem
from longhaul.scaffold.columns import InferredColumn
from longhaul.scaffold.infer import InferredProblem

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|\d{4}(-\w+)*|batch-\d{4}")
_WORDS = {"number": "numbers", "category": "categories", "date": "times"}
_WIDEST = 50  # columns of which each has a comment of its own


def render(survey: InferredProblem) -> str:
    """The problem file."""
    sections = (_head, _target, _periods, _columns, _costs, _contract, _gate, _monitoring)
    return "\n\n".join("\n".join(lines) for one in sections if (lines := [*one(survey)])) + "\n"


def decisions(survey: InferredProblem) -> list[str]:
    """What was decided and why, line by line."""
    outcome, plan = survey.outcome, survey.plan
    kinds = [one.reading.partition(" ")[0] for one in survey.features]
    counted = ", ".join(
        f"{kinds.count(kind)} {word}" for kind, word in _WORDS.items() if kind in kinds
    )
    rows = ", ".join(f"{name} {count:,}" for name, count in plan.rows.items())
    if plan.time:
        order = f"by {plan.time.column!r}, {plan.time.period} by {plan.time.period}"
    else:
        kept = f" of {survey.group!r}" if survey.group else ""
        order = f"by a hash{kept}: no column of times orders them; later files come as batches"
    shown = survey.aside[:20]
    return [
        f"{survey.rows:,} rows, {len(survey.columns) + 1:,} columns",
        f"target {outcome.target.column!r}: {outcome.target.task_type}; {outcome.reason}",
        f"features: {counted}",
        *(f"left out: {one.name!r} {one.reason}" for one in shown),
        *([f"left out: {len(survey.aside) - 20} more, see the file"] if survey.aside[20:] else []),
        f"rows are split {order}: {rows}",
        *(f"note: {note}" for note in survey.notes),
        *(
            ["to be decided: costs are 1 to 1; what does each error cost you?"]
            if outcome.target.task_type == "binary"
            else []
        ),
    ]


def parse(declared: str, path: Path) -> Problem:
    """The problem that a file's text declares."""
    return problems.parse(yaml.load(declared, Loader=yaml.BaseLoader), str(path))


def file_name(address: str) -> str:
    """A name for a problem file, from where its table lies."""
    bare = address.rstrip("/").partition("?")[0].rpartition("/")[2].partition(".")[0]
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", bare).strip("-_")[:100]
    return f"{name or 'table'}.yaml"


def source_address(path: Path, address: str, folder: Path) -> str:
    """The table as a problem file names it: relative to the file's folder where it is below."""
    if not sources.is_path(address):
        return address
    whole = folder / address
    return str(whole.relative_to(path.parent) if whole.is_relative_to(path.parent) else whole)


def write(path: Path, declared: str) -> None:
    """Write a problem file, unless one is there that says the same.

    Raises
    ------
    LonghaulError
        When one is there that says something else: it may have been changed by hand.
    """
    if path.exists():
        if path.read_text(encoding="utf-8") == declared:
            return
        raise LonghaulError(
            f"{path}: is there already, and says something else; run main with -P"
            f" problem={path.name}, or move it away"
        )
    try:
        path.write_text(declared, encoding="utf-8")
    except OSError as error:
        raise LonghaulError(f"{path}: cannot be written: {error.strerror}") from None


def _head(survey: InferredProblem) -> Iterator[str]:
    yield f"# What start read from {survey.rows:,} rows. Look through it; change what is not so."
    yield f"name: {_word(survey.name)}"
    yield f"source: {_word(survey.source)}"
    if survey.query:
        yield f"query: {_word(survey.query)}"


def _target(survey: InferredProblem) -> Iterator[str]:
    target = survey.outcome.target
    yield f"target: # {_safe(survey.outcome.reason)}"
    yield f"  column: {_word(target.column)}"
    yield f"  kind: {target.task_type}"
    if target.task_type == "binary":
        yield f"  positive: {_word(target.positive)}"
    if target.classes:
        yield f"  classes: {_list(target.classes)}"


def _periods(survey: InferredProblem) -> Iterator[str]:
    plan = survey.plan
    if plan.time:
        yield "time:"
        yield f"  column: {_word(plan.time.column)}"
        yield f"  period: {plan.time.period}"
    if plan.batches:
        yield "batches: # no column says when a row came to be"
        yield (
            f"  parts: {plan.batches.parts} # of the source, each row by a hash; the last stand for"
            " later rows"
        )
        yield '  later: "" # files that arrive later, such as arrivals/*.csv: each is a batch more'
    yield ""
    yield "windows: # first and last of each; production has no end"
    for name, rows in plan.rows.items():
        yield f"  {name}: {_list(getattr(plan.windows, name))} # {rows:,} rows"


def _columns(survey: InferredProblem) -> Iterator[str]:
    yield "columns: # how each is read"
    yield from (_column(one, len(survey.features)) for one in survey.features)
    yield ""
    yield "leave_out:" + ("" if survey.aside else " []")
    yield from (f"  - {_word(one.name)} # {_safe(one.reason)}" for one in survey.aside)
    yield ""
    if survey.group:
        yield f"group: {_word(survey.group)} # rows of one are not parted"
    yield f"slices: {_list(survey.slices)} # by which performance is broken down"


def _costs(survey: InferredProblem) -> Iterator[str]:
    if survey.outcome.target.task_type == "binary":
        yield "costs: # to be decided: what does each error cost you, in any unit?"
        yield "  false_positive: 1"
        yield "  false_negative: 1"


def _contract(survey: InferredProblem) -> Iterator[str]:
    yield "contract: # how far later rows may leave what the training window showed"
    yield "  margin: 1 # of a number beyond its range, in widths of it"
    yield "  missing: 0.2"
    yield "  unseen: 0.2"
    yield "  quarantine: 0.05 # more bad rows than this stop the stage"


def _gate(survey: InferredProblem) -> Iterator[str]:
    gate, kind = survey.gate, survey.outcome.target.task_type
    yield "gate: # to be decided: what is good enough?"
    yield f"  min_rows: {gate.min_rows}"
    if kind == "binary":
        yield f"  min_auc: {gate.min_auc}"
    if kind == "multiclass":
        yield f"  min_accuracy: {gate.min_accuracy} # the share of the commonest class"
    if kind == "regression":
        yield f"  min_r2: {gate.min_r2}"
    else:
        yield f"  max_calibration_error: {gate.max_calibration_error}"


def _monitoring(survey: InferredProblem) -> Iterator[str]:
    yield "monitoring:"
    yield f"  min_rows: {survey.min_rows} # fewer rows of a period are no evidence"


def _column(one: InferredColumn, count: int) -> str:
    told = [f"{one.distinct:,} values", *([f"{one.missing:.1%} missing"] if one.missing else [])]
    told += [f"such as {one.example}"] if one.example else []
    comment = f" # {_safe(', '.join(told))}" if count <= _WIDEST else ""
    return f"  {_word(one.name)}: {_word(one.reading)}{comment}"


def _list(names: Iterable[str]) -> str:
    return "[" + ", ".join(map(_word, names)) + "]"


def _word(value: str) -> str:
    """A text as YAML reads it back."""
    return value if _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)


def _safe(comment: str) -> str:
    """A comment on one line."""
    return " ".join(comment.split())
