"""Environments of the libraries that Longhaul is measured against, made with uv once and kept.

They are no dependencies of the project: each has a folder of its own under the user's cache.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PINS = {
    "evidently": ("evidently==0.7.23", "pandas<3", "pyarrow"),
    "nannyml": ("nannyml==0.13.1", "statsmodels", "pandas<3", "pyarrow"),
    "optuna": ("optuna==5.0.0", "optuna-integration[lightgbm]", "lightgbm==4.7.0"),
    "flaml": ("flaml[automl]==2.7.0", "scikit-learn<1.8", "pandas<3", "numpy<2.4"),
    "metaflow": ("metaflow==2.19.39",),
    "kedro": ("kedro==1.7.0",),
    "dvc": ("dvc==3.67.1",),
    "mlserver": ("mlserver==1.7.1", "mlserver-mlflow==1.7.1"),
    "bentoml": ("bentoml==1.4.39",),
}


def python(name: str, *more: str) -> Path:
    """The interpreter of a peer's environment, which is made if need be.

    Parameters
    ----------
    name : str
    *more : str
        Requirements besides.

    Raises
    ------
    RuntimeError
        When it cannot be installed here, with uv's last line.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "longhaul-benchmarks"
    home = cache / name
    found = home / "bin" / "python"
    ready = home / "ready"
    wanted = "\n".join([*PINS[name], *more])
    if not ready.is_file() or ready.read_text() != wanted:
        shutil.rmtree(home, ignore_errors=True)
        _uv("venv", "--quiet", str(home), "--python", "3.11")
        _uv("pip", "install", "--quiet", "--python", str(found), *PINS[name], *more)
        ready.write_text(wanted)
    return found


def version(name: str, package: str = "") -> str:
    """Of a package in a peer's environment; the peer itself, if none is named."""
    script = f"from importlib.metadata import version; print(version({(package or name)!r}))"
    return subprocess.check_output([python(name), "-c", script], text=True).strip()


def _uv(*arguments: str) -> None:
    uv = [shutil.which("uv")] if shutil.which("uv") else [sys.executable, "-m", "uv"]
    done = subprocess.run([*uv, *arguments], capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["uv failed"])[-1]
        raise RuntimeError(f"cannot be installed here: {reason}")
