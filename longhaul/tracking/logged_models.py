"""Packages as MLflow models, logged from code with only the files that prediction needs."""

import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import yaml
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema
from mlflow.types.schema import AnyType, Array

from longhaul import imports, problem_yaml
from longhaul.errors import LonghaulError
from longhaul.features.encoder import Encoder
from longhaul.model import package
from longhaul.model.package import Package
from longhaul.problem import Problem, Target
from longhaul.task_type import TaskType
from longhaul.tracking.artifacts import fetch

NAME = "model"

_ROOT = Path(__file__).resolve().parents[2]
_MODULE = "longhaul.model.pyfunc"
_PREDICTION_REQUIREMENTS = (
    "mlflow",
    "numpy",
    "pandas",
    "pyarrow",
    "scipy",
    "scikit-learn",
    "lightgbm",
    "skops",
    "threadpoolctl",
    "pydantic",
    "pyyaml",
    "tzdata",
)
# MLflow's double refuses int64, its long refuses missing values, its datetime refuses texts, its
# boolean all but booleans. The encoder reads them all, so the signature lets them pass.
_OUTPUTS: dict[TaskType, dict[str, Any]] = {
    "binary": {"probability": DataType.double, "decision": DataType.boolean},
    "multiclass": {
        "probability": DataType.double,
        "decision": DataType.string,
        "probabilities": Array(DataType.double),
    },
    "regression": {"prediction": DataType.double},
}
_TYPES = {"number": AnyType(), "category": DataType.string, "date": AnyType()}


def log(model: Package, example: pd.DataFrame) -> str:
    """Log a package as a model of the active run.

    Parameters
    ----------
    model : Package
    example : DataFrame
        A few rows of the table, kept with the model as an example of its input.

    Returns
    -------
    str
        Its URI, ``runs:/<run>/model``.
    """
    encoder = model.predictor.encoder
    with tempfile.TemporaryDirectory(prefix="longhaul-") as temporary:
        folder = Path(temporary) / "package"
        folder.mkdir()
        package.save(model, folder)
        mlflow.pyfunc.log_model(
            name=NAME,
            python_model=str(_ROOT.joinpath(*_MODULE.split(".")).with_suffix(".py")),
            artifacts={"package": str(folder)},
            code_paths=[str(_copy_code(Path(temporary)))],
            pip_requirements=requirements(_ROOT / "requirements.txt"),
            signature=signature(encoder, model.predictor.task_type),
            input_example=example.reindex(columns=encoder.features),
            metadata={"features": {column.name: column.column_type for column in encoder.columns}},
        )
    run = mlflow.active_run()
    return f"runs:/{run.info.run_id}/{NAME}"


def load(uri: str) -> Package:
    """Load the package of the model at `uri`, such as ``models:/flights@champion``.

    Raises
    ------
    LonghaulError
        When there is none, or it was not logged by Longhaul.
    """
    folder = fetch(uri) / "artifacts" / "package"
    if not folder.is_dir():
        raise LonghaulError(f"{uri}: not a model of Longhaul; give one of train, tune or register")
    return package.load(folder)


def load_for(uri: str, problem: Problem) -> Package:
    """Load a model's package, and check that its target is the problem's; see `load`.

    Raises
    ------
    LonghaulError
        When it predicts something else.
    """
    loaded = load(uri)
    learned = _parse_problem(loaded, uri).target
    if learned != problem.target:
        raise LonghaulError(
            f"{uri}: it predicts {_describe(learned)}, but the table's target is"
            f" {_describe(problem.target)}"
        )
    return loaded


def load_problem(uri: str) -> Problem:
    """Load the problem that a model was trained on; see `load`."""
    return _parse_problem(load(uri), uri)


def _parse_problem(loaded: Package, uri: str) -> Problem:
    declared = yaml.load(loaded.problem, Loader=yaml.BaseLoader)
    return problem_yaml.parse(declared, f"the problem of {uri}")


def _describe(target: Target) -> str:
    """Describe a target in a few words."""
    details = {"binary": f" = {target.positive}", "multiclass": f" of {', '.join(target.classes)}"}
    return f"{target.column}{details.get(target.task_type, ', a number')}"


def signature(encoder: Encoder, task_type: TaskType = "binary") -> ModelSignature:
    """Return the model's input and output columns; none of its features is required."""
    inputs = [ColSpec(_TYPES[c.column_type], c.name, required=False) for c in encoder.columns]
    outputs = [ColSpec(type_, name) for name, type_ in _OUTPUTS[task_type].items()]
    outputs.append(ColSpec(DataType.string, "reasons", required=False))
    reasons = ParamSpec("reasons", DataType.long, 0)
    return ModelSignature(Schema(inputs), Schema(outputs), ParamSchema([reasons]))


def requirements(path: Path) -> list[str]:
    """Read those lines of a requirements file that prediction needs."""
    lines = path.read_text(encoding="utf-8").splitlines()
    pins = {re.split(r"[=<>~!\[; ]", line, maxsplit=1)[0].lower(): line for line in lines}
    return [pins[name] for name in _PREDICTION_REQUIREMENTS]


def _copy_code(folder: Path) -> Path:
    """Copy the project's files that the model's code needs into `folder`."""
    for path in imports.closure([_MODULE], _ROOT):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_ROOT / path, target)
    return folder / _MODULE.partition(".")[0]
