"""The model families to choose from: one module each, all with the same four names."""

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
    """Both windows made ready once, for trials that share them, in several threads at once."""

    def fit(self, settings: Settings, threads: int, race: MedianPruner | None = None) -> Estimator:
        """Learn as `Family.fit` does with both windows, or give up a race that is lost."""


class Family(Protocol):
    """What each module of this package offers.

    Attributes
    ----------
    name : str
    defaults : dict
        Every setting of the family, with a value that works; searched ones lie in `space`.
    """

    name: str
    defaults: dict[str, float]

    def space(self) -> dict[str, Any]:
        """The settings worth searching, each with its hyperopt expression."""

    def fit(
        self,
        settings: Settings,
        encoder: Encoder,
        train: Sample,
        valid: Sample | None,
        seed: int,
        threads: int,
    ) -> Estimator:
        """Learn from `train`.

        Parameters
        ----------
        settings : mapping
            What is not in it has its default; whole numbers may come as floats.
        encoder : Encoder
            That made the matrices: it knows which columns are categories.
        valid : Sample or None
            Where the family has iterations, their number is chosen on it; without it, there are
            exactly ``settings["iterations"]``.
        threads : int
            Processors to use; 0 is all.
        """

    def load(self, folder: Path, classes: int) -> Estimator:
        """Read an estimator of this family that was saved in `folder`; see `Sample.classes`."""


def share_dataset(
    family: Family, encoder: Encoder, train: Sample, valid: Sample, seed: int
) -> SharedDataset | None:
    """What trials of a family share; None where each starts from the windows themselves."""
    if family is not FAMILIES[lightgbm.name]:
        return None
    return lightgbm.SharedDataset(encoder, train, valid, seed)


FAMILIES: dict[str, Family] = {
    family.name: family for family in (linear, forest, histogram, lightgbm)
}


def family(name: str, files: Sequence[Path] = ()) -> Family:
    """The family called `name`.

    Parameters
    ----------
    name : str
    files : sequence of Path
        Where families of the user's own are declared; see `longhaul.estimators.families.custom`.

    Raises
    ------
    LonghaulError
        When there is none.
    """
    declared: list[Family] = [*custom.load_families(files)]
    known = {**FAMILIES, **{one.name: one for one in declared}}
    if name not in known:
        raise LonghaulError(f"family {name!r} is unknown; choose one of {', '.join(known)}")
    return known[name]
