"""A small project of its own, and a store of its own, for what starts processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

MLPROJECT = """
name: toy
python_env: python_env.yaml
entry_points:
  noop:
    parameters: {word: {type: string, default: hello}}
    command: python -m steps.noop --word {word}
  sleep:
    parameters: {family: string, seconds: {type: float, default: 0}}
    command: python -m steps.sleep --family {family} --seconds {seconds}
  after:
    parameters: {source: string}
    command: python -m steps.after --source {source}
  look:
    parameters: {name: string}
    command: python -m steps.look --name {name}
  fail:
    command: python -m steps.fail
  crash:
    parameters: {how: string}
    command: python -m steps.crash --how {how}
  torn:
    command: python -m steps.torn
  pair:
    command: python -m steps.pair
  nest:
    parameters: {levels: integer}
    command: python -m steps.nest --levels {levels}
  shell:
    parameters: {code: integer}
    command: exit {code}
"""

NOOP = """
import mlflow
from longhaul.pipeline.step import step
from steps.words import shout

@step
def noop(word):
    mlflow.log_metric("length", len(word))
    mlflow.log_text(word, "word.txt")
    return shout(word)

if __name__ == "__main__":
    noop()
"""

SLEEP = """
import os, subprocess, sys, time
import mlflow
from longhaul.pipeline.step import step

@step
def sleep(family, seconds: float):
    grandchild = subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({seconds})"])
    mlflow.set_tag("pids", f"{os.getpid()} {grandchild.pid}")
    time.sleep(seconds)
    mlflow.log_text(family, "family.txt")
    return family

if __name__ == "__main__":
    sleep()
"""

AFTER = """
import mlflow
from longhaul.pipeline.step import step

@step
def after(source):
    mlflow.log_text(source, "source.txt")
    return source

if __name__ == "__main__":
    after()
"""

NEST = """
import os
import mlflow
from longhaul.pipeline import warm_backend
from longhaul.pipeline.step import step

@step
def nest(levels: int):
    mlflow.set_tag("server", os.getppid())
    mlflow.set_tag("depth", warm_backend.depth())
    if levels:
        warm_backend.register()
        more = {"entry_point": "nest", "parameters": {"levels": levels - 1}}
        run = mlflow.run(os.getcwd(), backend=warm_backend.NAME, synchronous=False, **more)
        assert run.wait()
    return "nested"

if __name__ == "__main__":
    nest()
"""

LOOK = """
from pathlib import Path
import mlflow
from longhaul.pipeline.step import step

def content(name):
    return Path(name).read_text()

@step(state=content)
def look(name):
    mlflow.log_text(content(name), "seen.txt")
    return content(name)

if __name__ == "__main__":
    look()
"""

PAIR = """
from longhaul.pipeline import flow as flows
from longhaul.pipeline.step import step

@step
def pair():
    with flows.open_flow(True) as flow:
        first = flow.run("noop", word="both")
        flow.run("after", source=first.uri("word.txt"))
    import mlflow
    mlflow.log_text("both", "pair.txt")
    return "fresh" if not first.reused else "again"

if __name__ == "__main__":
    from pathlib import Path
    flows.caller.PROJECT = Path.cwd()
    pair()
"""

CRASH = """
import os, signal
import pandas as pd
from longhaul.pipeline.step import step

def total(column):
    return column.sum().nothing()

@step
def crash(how):
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    return total(pd.Series([1], name="age"))

if __name__ == "__main__":
    crash()
"""

FAIL = """
from longhaul.errors import LonghaulError
from longhaul.pipeline.step import step

@step
def fail():
    raise LonghaulError("the tank is empty; fill it")

if __name__ == "__main__":
    fail()
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The folder of a project with a few tiny steps."""
    root = tmp_path / "project"
    (root / "steps").mkdir(parents=True)
    (root / "MLproject").write_text(MLPROJECT)
    (root / "python_env.yaml").write_text("python: '3.11'\n")
    (root / "requirements.txt").write_text("mlflow\n")
    for name, text in {
        "__init__": (REPOSITORY / "steps" / "__init__.py").read_text(),
        "words": "def shout(word):\n    return word.upper()\n",
        "noop": NOOP,
        "sleep": SLEEP,
        "after": AFTER,
        "nest": NEST,
        "look": LOOK,
        "fail": FAIL,
        "crash": CRASH,
        "pair": PAIR,
        "torn": "raise RuntimeError('half a file')\n",
    }.items():
        (root / "steps" / f"{name}.py").write_text(text)
    return root


@pytest.fixture
def store(tracking: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A tracking store, for steps that run in processes of their own."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    # MLflow's local backend runs the first python on the PATH.
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    return tracking


def python(script: str, cwd: Path, **options: object) -> "subprocess.Popen[str]":
    """Start a Python program of a few lines, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=cwd,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        **options,  # type: ignore[call-overload]
    )
