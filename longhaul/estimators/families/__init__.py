"""The model families: one module each, all with the same four names."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from longhaul.errors import LonghaulError
from longhaul.estimators.estimator import Estimator
from longhaul.estimators.families import custom, forest, histogram, lightgbm, linear
from longhaul.estimators.pruning import MedianPruner
from longhaul.estimators.sample import Sample
from longhaul.features.encoder import Encoder

Settings = Mapping[str, float]


class SharedDataset(Protocol):
    """Training and validation windows prepared once, shared by trials in several threads."""

    def fit(
        self, settings: Settings, threads: int, pruner: MedianPruner | None = None
    ) -> Estimator:
        """Fit as `Family.fit` does with both windows, unless the pruner stops it earlier."""


class Family(Protocol):
    """The interface of the modules of this package.

    Attributes
    ----------
    name : str
    defaults : dict
        Every setting of the family with a reasonable value; `space` has those to search.
    """

    name: str
    defaults: dict[str, float]

    def space(self) -> dict[str, Any]:
        """Return the settings to search, each with its hyperopt expression."""

    def fit(
        self,
        settings: Settings,
        encoder: Encoder,
        train: Sample,
        valid: Sample | None,
        seed: int,
        threads: int,
    ) -> Estimator:
        """Fit an estimator on `train`.

        Parameters
        ----------
        settings : mapping
            Missing ones take their defaults; whole numbers may come as floats.
        encoder : Encoder
            The encoder of the matrices; it knows which columns are categories.
        valid : Sample or None
            Where the family has iterations, their number is chosen on it; without it, it is
            exactly ``settings["iterations"]``.
        threads : int
            Processors to use; 0 is all.
        """

    def load(self, folder: Path, classes: int) -> Estimator:
        """Read an estimator of this family that was saved in `folder`; see `Sample.classes`."""


def share_dataset(
    family: Family, encoder: Encoder, train: Sample, valid: Sample, seed: int
) -> SharedDataset | None:
    """Prepare the data that a family's trials share; None where the family shares nothing."""
    if family is not FAMILIES[lightgbm.name]:
        return None
    return lightgbm.SharedDataset(encoder, train, valid, seed)


FAMILIES: dict[str, Family] = {
    family.name: family for family in (linear, forest, histogram, lightgbm)
}


def family(name: str, files: Sequence[Path] = ()) -> Family:
    """Return the family called `name`.

    Parameters
    ----------
    name : str
    files : sequence of Path
        Files that declare custom families; see `longhaul.estimators.families.custom`.

    Raises
    ------
    LonghaulError
        When there is no such family.
    """
    declared: list[Family] = [*custom.load_families(files)]
    families = {**FAMILIES, **{custom_family.name: custom_family for custom_family in declared}}
    if name not in families:
        raise LonghaulError(f"family {name!r} is unknown; choose one of {', '.join(families)}")
    return families[name]


def family_names(text: str, files: Sequence[Path] = ()) -> list[str]:
    """Split names at commas, and add the names of all custom families.

    Raises
    ------
    LonghaulError
        When there is no family of a name.
    """
    names = [family(name.strip(), files).name for name in text.split(",")]
    custom_names = [custom_family.name for custom_family in custom.load_families(files)]
    return list(dict.fromkeys([*names, *custom_names]))
