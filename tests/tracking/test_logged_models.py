"""Models as MLflow knows them, and far from the project that made them."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.pyfunc import scoring_server

from longhaul import imports
from longhaul.errors import LonghaulError
from longhaul.model.package import Package
from longhaul.tracking import logged_models
from longhaul.tracking.artifacts import fetch
from tests import packages, tables

ROOT = Path(__file__).resolve().parents[2]
ROWS = tables.churn(rows_per_month=30)
FEATURES = ["day", "calls", "plan", "age"]

ELSEWHERE = """
import sys
import mlflow, pandas
model = mlflow.pyfunc.load_model(sys.argv[1])
rows = pandas.read_parquet(sys.argv[2])
model.predict(rows, params={"reasons": 1}).to_parquet(sys.argv[3])
import longhaul
print(longhaul.__file__)
print(sorted({"hyperopt", "pandera", "longhaul.problem", "longhaul.tracking"} & set(sys.modules)))
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return packages.fit(tmp_path_factory.mktemp("package")).package


@pytest.fixture(scope="module")
def uri(shared: Path, package: Package) -> str:
    with mlflow.start_run():
        return logged_models.log(package, ROWS.head())


def test_load(uri: str, package: Package) -> None:
    """The package comes back from the store as it went."""
    again = logged_models.load(uri)
    assert package.problem == again.problem
    expected, found = (p.predictor.scores(ROWS) for p in (package, again))
    np.testing.assert_array_equal(expected, found)


def test_load_something_else(shared: Path) -> None:
    """Another artifact is refused in one line."""
    with mlflow.start_run() as run:
        mlflow.log_text("no model", "model/readme.txt")
    with pytest.raises(LonghaulError, match="model: not a model of Longhaul"):
        logged_models.load(f"runs:/{run.info.run_id}/model")


def test_far_from_home(uri: str, package: Package, tmp_path: Path) -> None:
    """Its folder alone is enough: no project, no pickle, the same probabilities bit for bit."""
    model, rows, answer = (tmp_path / name for name in ("copy", "rows.parquet", "answer.parquet"))
    shutil.copytree(fetch(uri), model)
    ROWS.to_parquet(rows)
    assert not [path for path in model.rglob("*") if "pkl" in path.suffix]
    done = subprocess.run(
        [sys.executable, "-I", "-c", ELSEWHERE, str(model), str(rows), str(answer)],
        cwd=tmp_path,
        env={**os.environ, "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    where, imported = done.stdout.splitlines()[-2:]
    assert where.startswith(str(model))
    assert imported == "[]"
    predicted = pd.read_parquet(answer)
    expected = package.predictor.scores(ROWS)
    np.testing.assert_array_equal(expected, predicted["probability"])
    np.testing.assert_array_equal(package.predictor.decide(expected), predicted["decision"])
    assert package.predictor.reasons(ROWS, 1) == predicted["reasons"].tolist()


def test_odd_forms(uri: str, package: Package) -> None:
    """Whole numbers for fractions, texts for dates, columns left out: the model reads them."""
    model = mlflow.pyfunc.load_model(uri)
    expected = package.predictor.scores(ROWS)
    whole = ROWS.assign(age=ROWS["age"].astype("Int64"), calls=ROWS["calls"].astype(float))
    written = ROWS.assign(day=ROWS["day"].astype(str))
    for frame in (whole, written, ROWS[FEATURES], ROWS.astype(object)):
        np.testing.assert_array_equal(expected, model.predict(frame)["probability"])
    less = model.predict(ROWS[["calls"]])["probability"]
    np.testing.assert_array_equal(package.predictor.scores(ROWS[["calls"]]), less)


@pytest.mark.parametrize("orient", ["records", "split"])
def test_json(uri: str, package: Package, orient: str) -> None:
    """MLflow's own scoring server understands the rows as JSON, missing values and all."""
    model = mlflow.pyfunc.load_model(uri)
    rows = json.loads(ROWS[FEATURES].to_json(orient=orient, date_format="iso"))
    body = json.dumps({f"dataframe_{orient}": rows, "params": {"reasons": 2}})
    answer = scoring_server.invocations(
        body, "application/json", model, model.metadata.get_input_schema()
    )
    predicted = pd.DataFrame(json.loads(answer.response)["predictions"])
    np.testing.assert_array_equal(package.predictor.scores(ROWS), predicted["probability"])
    assert package.predictor.reasons(ROWS, 2) == predicted["reasons"].tolist()


def test_signature(uri: str) -> None:
    """The columns and parameters are declared, and no feature is required."""
    signature = mlflow.models.get_model_info(uri).signature
    assert signature.inputs.optional_input_names() == FEATURES
    assert signature.inputs.required_input_names() == []
    assert signature.outputs.input_names() == ["probability", "decision", "reasons"]
    assert [param.name for param in signature.params] == ["reasons"]


def test_requirements() -> None:
    """The model's requirements are the project's pins of all that its code imports."""
    wanted = logged_models.requirements(ROOT / "requirements.txt")
    assert set(wanted) <= set((ROOT / "requirements.txt").read_text().splitlines())
    called = {"scikit-learn": "sklearn", "PyYAML": "yaml"}
    pins = [line.partition("==")[0] for line in wanted]
    names = {called.get(pin, pin) for pin in pins}
    imported = set()
    for path in imports.closure(["longhaul.model.pyfunc"], ROOT):
        for node in ast.parse((ROOT / path).read_text()).body:
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(str(node.module).partition(".")[0])
    assert imported - {"longhaul", *sys.stdlib_module_names} <= names
