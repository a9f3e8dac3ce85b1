"""Key of a search: trials of searches with equal keys are interchangeable."""

import hashlib
import json
from pathlib import Path

from longhaul import imports
from longhaul.pipeline import caller, fingerprint

# The code that a trial's loss depends on; its imports count too.
_CODE = ("longhaul.training.objective", "longhaul.training.search")


def search_key(family: str, seed: int, split: Path) -> str:
    """Digest everything that a trial's loss depends on besides its settings.

    Parameters
    ----------
    family : str
    seed : int
    split : Path
        The folder of the split.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    files = sorted(path.relative_to(split) for path in split.rglob("*") if path.is_file())
    project = [*imports.closure(_CODE, caller.PROJECT), Path("requirements.txt")]
    parts = [
        family,
        seed,
        fingerprint.digests(files, split),
        fingerprint.digests(project, caller.PROJECT),
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
