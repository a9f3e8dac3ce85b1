"""Copy of a problem beside its table or split, with the files of its custom families."""

import shutil
from pathlib import Path

from longhaul import problem_yaml
from longhaul.errors import LonghaulError
from longhaul.problem import Problem

_PROBLEM, _FAMILIES = "problem.yaml", "families"


def write(folder: Path, problem: Problem, problem_folder: Path | None = None) -> None:
    """Write a problem, and the files of its custom families, into an existing folder.

    Parameters
    ----------
    folder : Path
    problem : Problem
    problem_folder : Path, optional
        The folder that has the files of the custom families; without it, they are not copied.

    Raises
    ------
    LonghaulError
        When one of them is not there.
    """
    folder.joinpath(_PROBLEM).write_text(problem_yaml.dump(problem), encoding="utf-8")
    for file in family_files(problem, problem_folder) if problem_folder else []:
        if not file.is_file():
            raise LonghaulError(f"families: no file {file}")
        (folder / _FAMILIES).mkdir(exist_ok=True)
        shutil.copyfile(file, folder / _FAMILIES / file.name)


def read(folder: Path) -> Problem:
    """Read the problem in a folder."""
    return problem_yaml.load(folder / _PROBLEM)


def family_files(problem: Problem, folder: Path) -> list[Path]:
    """List the files of a problem's custom families, beside the problem file or beside a table."""
    copies = folder / _FAMILIES
    if (folder / _PROBLEM).is_file() and copies.is_dir():
        return [copies / Path(name).name for name in problem.families]
    return [(folder / name).resolve() for name in problem.families]
