"""Model packages: a folder of text, Parquet and skops files with no pickle.

``package.json`` is the manifest, ``encoder.json`` the encoder, ``estimator/`` the family's own
files, ``problem.yaml`` the declared problem, ``reference.json`` the reference that later periods
are compared with, and ``valid.parquet`` the predictions on the validation window; ``family.py``
declares the family, where it is a custom one.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from longhaul.errors import LonghaulError
from longhaul.estimators.families import family
from longhaul.features.encoder import Encoder
from longhaul.model.predictor import Predictor
from longhaul.tasks import class_count

FORMAT = 1
MANIFEST, ENCODER, ESTIMATOR = "package.json", "encoder.json", "estimator"
CUSTOM_FAMILY = "family.py"
PROBLEM, REFERENCE, VALID = "problem.yaml", "reference.json", "valid.parquet"


@dataclass(frozen=True)
class Package:
    """A predictor, its problem and its monitoring reference.

    Attributes
    ----------
    predictor : Predictor
    problem : str
        The declared problem, as YAML.
    windows : dict
        First and last period of the rows it was fitted on, ``"fit"``, and of those its settings
        were chosen on, ``"valid"``.
    reference : dict
        As JSON; see `longhaul.monitoring.reference`.
    valid : DataFrame
        The validation window, predicted by a model that was fitted on the training window alone:
        the columns of the task's `schema`, and ``period``.
    custom_family : Path or None
        The file that declares the family, where it is a custom one.
    """

    predictor: Predictor
    problem: str
    windows: dict[str, list[str]]
    reference: dict[str, Any]
    valid: pd.DataFrame
    custom_family: Path | None = None

    def valid_metrics(self) -> dict[str, float]:
        """Measure the predictions on the validation window."""
        predictor = self.predictor
        outcome = predictor.task.encode(self.valid["outcome"], predictor.classes)
        return predictor.task.measure(outcome, predictor.task.scores(self.valid))


def save(package: Package, folder: Path) -> None:
    """Write a package into an existing, empty folder."""
    predictor = package.predictor
    manifest = {
        "format": FORMAT,
        "family": predictor.family,
        "threshold": predictor.threshold,
        "kind": predictor.task_type,
        "classes": list(predictor.classes),
        "windows": package.windows,
    }
    _write(folder / MANIFEST, json.dumps(manifest, indent=1))
    _write(folder / ENCODER, predictor.encoder.to_json())
    _write(folder / PROBLEM, package.problem)
    _write(folder / REFERENCE, json.dumps(package.reference))
    package.valid.to_parquet(folder / VALID, index=False)
    if package.custom_family is not None:
        shutil.copyfile(package.custom_family, folder / CUSTOM_FAMILY)
    (folder / ESTIMATOR).mkdir()
    predictor.estimator.save(folder / ESTIMATOR)


def load(folder: Path) -> Package:
    """Load a package that `save` wrote.

    Raises
    ------
    LonghaulError
        When the folder is not a package, or has another format.
    """
    return Package(
        load_predictor(folder),
        (folder / PROBLEM).read_text(encoding="utf-8"),
        _manifest(folder)["windows"],
        json.loads((folder / REFERENCE).read_text(encoding="utf-8")),
        pd.read_parquet(folder / VALID),
        folder / CUSTOM_FAMILY if (folder / CUSTOM_FAMILY).is_file() else None,
    )


def load_predictor(folder: Path) -> Predictor:
    """Load only the predictor of a package; see `load`."""
    manifest = _manifest(folder)
    name, classes = manifest["family"], tuple(manifest.get("classes", ()))
    custom = [folder / CUSTOM_FAMILY] if (folder / CUSTOM_FAMILY).is_file() else []
    task_type = manifest.get("kind", "binary")
    return Predictor(
        Encoder.from_json((folder / ENCODER).read_text(encoding="utf-8")),
        family(name, custom).load(folder / ESTIMATOR, class_count(task_type, classes)),
        name,
        manifest["threshold"],
        task_type,
        classes,
    )


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise LonghaulError(
            f"{folder}: not a model of Longhaul; it has no readable {MANIFEST}"
        ) from None
    if manifest.get("format") != FORMAT:
        raise LonghaulError(
            f"{folder}: its format is {manifest.get('format')!r}, but this version of"
            f" Longhaul reads {FORMAT}; use the version that wrote it, or train the model again"
        )
    return manifest


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
