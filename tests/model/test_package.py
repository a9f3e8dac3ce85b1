"""A package on disk."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from longhaul.errors import LonghaulError
from longhaul.estimators.families import FAMILIES
from longhaul.model import package as packages
from longhaul.model.package import Package
from tests.packages import fit
from tests.tables import churn


@pytest.mark.parametrize("family", FAMILIES)
def test_again(family: str, tmp_path: Path) -> None:
    """What was saved is read back whole, and predicts the same bit for bit."""
    package, folder = fit(tmp_path, family).package, tmp_path / "package"
    folder.mkdir()
    packages.save(package, folder)
    again = packages.load(folder)
    assert package.predictor.encoder == again.predictor.encoder
    assert package.predictor.family == again.predictor.family == family
    assert package.predictor.threshold == again.predictor.threshold
    assert package.problem == again.problem
    assert package.windows == again.windows
    assert package.reference == again.reference
    pd.testing.assert_frame_equal(package.valid, again.valid)
    expected, found = (p.predictor.scores(churn(50)) for p in (package, again))
    np.testing.assert_array_equal(expected, found)


def test_no_package(tmp_path: Path) -> None:
    """Some other folder is refused in one line."""
    with pytest.raises(
        LonghaulError, match=r"not a model of Longhaul; it has no readable package\.json"
    ):
        packages.load(tmp_path)


def test_unknown_format(package: Package, tmp_path: Path) -> None:
    """A package of another format is refused, not guessed at."""
    packages.save(package, tmp_path)
    manifest = tmp_path / "package.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": 2}))
    with pytest.raises(
        LonghaulError, match="its format is 2, but this version of Longhaul reads 1"
    ):
        packages.load(tmp_path)
