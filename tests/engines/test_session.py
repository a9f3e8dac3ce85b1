"""What is said when Spark cannot be used."""

import subprocess
import sys
from pathlib import Path

import pytest

from longhaul.engines import base as engines
from longhaul.engines.spark import requirements
from longhaul.errors import LonghaulError

ROOT = Path(__file__).resolve().parents[2]


def test_without_pyspark(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is optional: one line says how to get it."""
    monkeypatch.setattr(requirements, "find_spec", lambda name: None)
    with (
        pytest.raises(LonghaulError, match=r"pip install -r requirements-spark\.txt"),
        engines.open("spark", "tests"),
    ):
        pass


def test_without_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nor can it run without a Java machine."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(LonghaulError, match="Java 17 or newer"), engines.open("spark", "tests"):
        pass


@pytest.mark.slow
def test_no_stage_needs_pyspark() -> None:
    """Every entry point starts without it: nothing of it is imported unless it is asked for."""
    script = (
        "import sys, importlib, pathlib; sys.modules['pyspark'] = None\n"
        "for path in sorted(pathlib.Path('steps').glob('*.py')):\n"
        "    importlib.import_module(f'steps.{path.stem}')\n"
        "import main"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, timeout=600)


@pytest.mark.slow
def test_no_master_there(unanswered: "subprocess.Popen[str]") -> None:
    """A cluster that does not answer is one line, and no session is left."""
    printed, _ = unanswered.communicate(timeout=600)
    assert unanswered.returncode == 0, printed
    assert "said: spark: " in printed, printed
