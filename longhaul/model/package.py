"""All that a model is kept with, as one folder of text, Parquet and skops files; no pickle.

``package.json`` is the manifest, ``encoder.json`` the encoder, ``estimator/`` the family's own
files, ``problem.yaml`` the declared problem, ``reference.json`` what later periods are measured
against, and ``valid.parquet`` the predictions on the validation window; ``family.py`` declares the
family, where it is one of the user's own.
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
    """A predictor with the evidence it was chosen by.

    Attributes
    ----------
    predictor : Predictor
    problem : str
        The declared problem, as YAML.
    windows : dict
        First and last period of what it was fitted on, ``"fit"``, and of what its settings and
        threshold were chosen on, ``"valid"``.
    reference : dict
        As JSON; see `longhaul.monitoring.reference`.
    valid : DataFrame
        The validation window, predicted by a model that was fitted on the training window alone:
        the columns of the task's `schema`, and ``period``.
    own : Path or None
        The file that declares the family, where it is one of the user's own.
    """

    predictor: Predictor
    problem: str
    windows: dict[str, list[str]]
    reference: dict[str, Any]
    valid: pd.DataFrame
    own: Path | None = None

    def valid_metrics(self) -> dict[str, float]:
        """How good the predictions on the validation window are."""
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
    if package.own is not None:
        shutil.copyfile(package.own, folder / CUSTOM_FAMILY)
    (folder / ESTIMATOR).mkdir()
    predictor.estimator.save(folder / ESTIMATOR)


def load(folder: Path) -> Package:
    """Read what `save` wrote.

    Raises
    ------
    LonghaulError
        When it is not a package, or of another format.
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
    """Read no more of a package than it takes to predict; see `load`."""
    manifest = _manifest(folder)
    name, classes = manifest["family"], tuple(manifest.get("classes", ()))
    own = [folder / CUSTOM_FAMILY] if (folder / CUSTOM_FAMILY).is_file() else []
    kind = manifest.get("kind", "binary")
    return Predictor(
        Encoder.from_json((folder / ENCODER).read_text(encoding="utf-8")),
        family(name, own).load(folder / ESTIMATOR, class_count(kind, classes)),
        name,
        manifest["threshold"],
        kind,
        classes,
    )


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise LonghaulError(f"{folder}: not a model of Longhaul; it has no {MANIFEST}") from None
    if manifest.get("format") != FORMAT:
        raise LonghaulError(
            f"{folder}: its format is {manifest.get('format')!r}, but this code reads {FORMAT}; "
            "use the version of Longhaul that wrote it, or train again"
        )
    return manifest


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
