"""The documentation knows every entry point and every key, and its links lead somewhere."""

import dataclasses
import json
import re
from pathlib import Path
from typing import get_args

from benchmarks import __main__ as benchmarks
from docs import figures, generated
from longhaul.estimators.families import FAMILIES
from longhaul.problem import Problem
from tests.test_mlproject import current_entry_points

ROOT = Path(__file__).resolve().parents[1]
ENTRY_POINTS = current_entry_points()
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def keys(kind: type, prefix: str = "") -> set[str]:
    """Every key that a problem file may have, with dots between the levels."""
    found = set()
    for field in dataclasses.fields(kind):
        parts = [field.type, *get_args(field.type)]
        inner = next((one for one in parts if dataclasses.is_dataclass(one)), None)
        if inner is not None:
            found |= keys(inner, f"{prefix}{field.name}.")
        else:
            found.add(prefix + field.name)
    return found


def test_every_key_of_a_problem_is_explained() -> None:
    """In the table of docs/problem.md, with no key that is not there."""
    page = (ROOT / "docs" / "problem.md").read_text()
    assert set(re.findall(r"^\| `([\w.]+)` \|", page, re.MULTILINE)) == keys(Problem)


def test_every_entry_point_is_in_the_readme() -> None:
    """In its table of steps."""
    table = re.findall(r"^\| `(\w+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert set(table) == set(ENTRY_POINTS)


def test_every_family_is_explained() -> None:
    """In docs/models.md."""
    table = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "models.md").read_text(), re.MULTILINE)
    assert set(table) == set(FAMILIES)


def test_the_readme_names_the_pinned_mlflow() -> None:
    """The one that the environment installs."""
    pin = re.search(r"^mlflow==(.+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    named = set(re.findall(r"mlflow@([\d.]+)", (ROOT / "README.md").read_text()))
    assert pin
    assert named == {pin[1]}


def test_the_family_of_ones_own_is_the_one_that_is_tested() -> None:
    """The example in docs/models.md is the file that tests fit, package and load."""
    (shown,) = re.findall(
        r"```python\n(from sklearn.*?)```", (ROOT / "docs/models.md").read_text(), re.DOTALL
    )
    tested = (ROOT / "tests/estimators/custom_family.py").read_text()
    assert tested.partition('"""\n\n')[2] == shown


def test_links_lead_somewhere() -> None:
    """Each relative link is to a file of the project, or to a page that is generated."""
    problems = [
        f"{page.name}: {link} is not there"
        for page in PAGES
        for link in re.findall(r"\]\(([^)#]+)", page.read_text())
        if "://" not in link
        and not link.startswith("reference/")
        and not (page.parent / link).exists()
    ]
    assert not problems, "\n".join(problems)


def commands() -> list[tuple[str, str]]:
    """Every command line of every page, with the page's name; continued lines are one."""
    found = []
    for page in PAGES:
        for block in re.findall(r"^```console\n(.*?)^```", page.read_text(), re.DOTALL | re.M):
            text = re.sub(r"\\\n\s*", " ", block)
            text = re.sub(r"'\{.*?\}'", "'…'", text, flags=re.DOTALL)  # what curl sends
            found += [(page.name, line) for line in text.splitlines() if line.strip()]
    return found


# Who runs each entry point, with `mlflow run` and for real.
RUN_BY = {
    "main": "tests/test_main.py",
    "accept": "tests/steps/test_cycle.py",
    "init": "tests/test_any_table.py",
    "cycle": "tests/tracking_server/test_faults.py",
    "retrain": "tests/steps/test_cycle.py",
    "collect": "tests/steps/test_cycle.py",
    "compare": "tests/steps/test_compare.py",
    "watch": "tests/steps/test_watch.py",
    "backtest": "tests/steps/test_backtest.py",
    "rollback": "tests/steps/test_rollback.py",
    "refuse": "tests/steps/test_register.py",
    "promote": "tests/steps/test_promote.py",
    "recalibrate": "tests/steps/test_recalibrate.py",
    "score": "tests/steps/test_score.py",
    "serve": "tests/steps/test_serve.py",
    "server": "tests/tracking_server/test_stages.py",
    "user": "tests/tracking_server/test_stages.py",
    "backup": "tests/tracking_server/test_stages.py",
    "restore": "tests/tracking_server/test_stages.py",
    "gc": "tests/tracking_server/test_life.py",
    "forget": "tests/steps/test_forget.py",
}
# Lines that are none of MLflow Projects', and who runs them.
OTHERS = {
    r"pip install uv && UV_COMPILE_BYTECODE=1 uv run .* python -m pytest": ".ci/run",
    r"uv run .*requirements-dev.txt python -m pytest": ".ci/run",
    r"uv run .*requirements-docs.txt mkdocs": ".ci/run",
    r"python -m docs\.figures": "tests/test_docs.py",
    r"curl ": "tests/serving/test_service.py",
    r"prometheus --config": "tests/serving/test_prometheus.py",
    r"mlflow models serve": "tests/test_elsewhere.py",
}
# Lines that no test can run here: what they need is named.
BY_HAND = {
    r"git clone <Git URL>": "a Git URL",
    r"cd |export |cp deploy/": "the shell",
    r"MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false uvx mlflow@\S+ ui": "a browser",
    r"uvx mlflow@\S+ db upgrade": "an older MLflow",
    r"pip install -r requirements(-spark)?.txt|conda env create": "an environment of one's own",
    r"openssl rand": "the shell",
    r"sudo ": "an administrator",
    r"kubectl |sed -i 's/.python_env": "a Kubernetes cluster",
    r"docker |mlflow models build-docker": "Docker",
    r"bash docs/presentation/": "the flights, npm and a browser",
    r"MLFLOW_TRACKING_URI=\S+ python -m docs\.figures": "the flights",
    r"(uv run .* )?python -m benchmarks": "an idle machine",
    r"bash \.ci/run": "this very run",
}


def mistakes(line: str) -> list[str]:
    """List what is wrong with a command line: nothing, when somebody runs it."""
    called = re.search(r"mlflow(?:@[\d.]+)? run (?:<[^>]+>|\S+) (?:-v .*? )?-e (\w+)(.*)$", line)
    if called is None:
        patterns = {**OTHERS, **BY_HAND}
        return [] if any(re.match(pattern, line) for pattern in patterns) else ["nobody runs it"]
    declared = ENTRY_POINTS[called[1]]["parameters"]
    given = set(re.findall(r"-P '?(\w+)=", called[2]))
    required = {
        name
        for name, parameter in declared.items()
        if not (isinstance(parameter, dict) and "default" in parameter)
    }
    problems = [f"{called[1]} has no parameter {name}" for name in given - set(declared)]
    problems += [f"{called[1]} wants the parameter {name}" for name in required - given]
    if not (ROOT / RUN_BY[called[1]]).is_file():
        problems.append(f"{RUN_BY[called[1]]} is not there")
    return problems


def test_code_that_is_named_is_there() -> None:
    """Each path of the project in backticks, on any page."""
    pattern = re.compile(r"`((?:longhaul|steps|tests|benchmarks|docs)/[A-Za-z0-9_/.]+)`")
    named = {path for page in PAGES for path in pattern.findall(page.read_text(encoding="utf-8"))}
    assert len(named) > 40
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_every_command_is_known() -> None:
    """An entry point with parameters that it has, none missing; or a line that somebody runs."""
    lines = commands()
    problems = [f"{page}: {line}: {wrong}" for page, line in lines for wrong in mistakes(line)]
    assert lines
    assert not problems, "\n".join(problems)


def test_who_runs_a_command_is_there() -> None:
    """A test, or the script that runs them all."""
    paths = sorted({*RUN_BY.values(), *OTHERS.values()})
    problems = [path for path in paths if not (ROOT / path).is_file()]
    assert not problems, "\n".join(problems)


def test_the_report_and_the_talk_are_of_the_figures_that_are_kept() -> None:
    """Nobody has written in them by hand: filled in again, they are the same."""
    for name, text in figures.fill(json.loads(figures.FIGURES.read_text())).items():
        assert (ROOT / "docs" / name).read_text() == text, f"{name}: run python -m docs.figures"


def test_the_page_of_benchmarks_is_of_the_figures_that_are_kept() -> None:
    """Nobody has written in it by hand."""
    figures_of = json.loads((ROOT / "docs" / "benchmarks.json").read_text())
    assert (ROOT / "docs" / "benchmarks.md").read_text() == benchmarks.page(figures_of)
    assert figures_of.keys() <= benchmarks.SECTIONS.keys()
    assert all((ROOT / "benchmarks" / f"{name}.py").is_file() for name in benchmarks.SECTIONS)


def test_the_reference_has_every_stage_and_parameter() -> None:
    """The page that the site generates of MLproject."""
    text = (ROOT / "MLproject").read_text()
    page = generated.entry_points(text)
    for name, one in ENTRY_POINTS.items():
        part = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert set(re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)) == set(one["parameters"])
        assert part.strip().partition("\n")[0], name
