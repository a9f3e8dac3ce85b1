"""Names and first docstring lines say what they stand for."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILLERS = {"found", "one", "said", "told", "known", "whole", "each", "some"}
# A first line is a verb and its object, or says what the thing is: it does not begin with a clause.
RIDDLE = re.compile(
    r"^(What|Whose|Which|That|Those|Who|By wh|Of |As |Where|How|Whether|When|If |It |All that)"
    r"|\b(whose|that of|those of|by which|of which|whom|became of|becomes of|whoever|whatever)\b"
)


def nodes() -> Iterator[tuple[Path, ast.AST]]:
    """Walk the syntax tree of every file of the library and the steps."""
    for path in [ROOT / "main.py", *ROOT.glob("longhaul/**/*.py"), *ROOT.glob("steps/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            yield path.relative_to(ROOT), node


def test_names_say_what_they_hold() -> None:
    """No variable, parameter or function is called by a word that fits anything."""
    fields = {ast.Name: "id", ast.arg: "arg", ast.keyword: "arg", ast.FunctionDef: "name"}
    wrong = [
        f"{path}:{node.lineno}: {name}"
        for path, node in nodes()
        if type(node) in fields and (name := getattr(node, fields[type(node)])) in FILLERS
    ]
    assert not wrong, "\n".join(wrong)


def test_first_lines_of_docstrings_are_no_riddles() -> None:
    """Each starts with a verb or names the thing."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    wrong = [
        f"{path}:{getattr(node, 'lineno', 1)}: {first}"
        for path, node in nodes()
        if isinstance(node, documented)
        and RIDDLE.search(first := (ast.get_docstring(node) or "").partition("\n")[0])
    ]
    assert not wrong, "\n".join(wrong)


def test_every_word_of_the_glossary_leads_to_code() -> None:
    """Each row of docs/glossary.md links to a file that is there."""
    rows = re.findall(r"^\| \*\*.*$", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE)
    links = [re.findall(r"\]\(\.\./([\w/]+\.py)\)", row) for row in rows]
    assert len(rows) >= 30
    assert all(links)
    assert [link for row in links for link in row if not (ROOT / link).is_file()] == []
