"""Manifest of a step's artifacts, noted when the step ends: is everything still there, and whole?

It is a tag of the run: for each artifact, file or folder, and for each model of the run, the number
and the bytes of its files, a digest of their names and sizes, and one of the contents of the small
ones, which only a store on this machine is asked for.
"""

import hashlib
import json
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import mlflow
from mlflow.entities import Run

from longhaul.tracking import mlflow_internals
from longhaul.tracking.tags import MANIFEST

MODELS = "models"  # what comes before the id of a model in the manifest
SMALL_BYTES = 1 << 16
_PASSING = ("__pycache__", "registered_model_meta")  # made by those who read a model


@dataclass(frozen=True, order=True)
class StoredFile:
    """File of an artifact; the digest of its content is empty where it was not read."""

    path: str
    size: int
    digest: str = ""


@dataclass(frozen=True)
class Content:
    """Files of one artifact.

    Attributes
    ----------
    files, bytes : int
    names : str
        Digest of the names and sizes.
    small : str
        Digest of the contents of the small files; empty where the store is elsewhere.
    """

    files: int
    bytes: int
    names: str
    small: str = ""

    def compare(self, now: "Content | None") -> str:
        """Describe what has changed; empty where nothing has."""
        if now is None or now.files == 0 < self.files:
            return "is gone"
        if now.files != self.files:
            return f"has {now.files} of {self.files} files"
        if now.bytes != self.bytes:
            return f"has {now.bytes:,} of {self.bytes:,} bytes"
        if now.names != self.names:
            return "has other files"
        if self.small and now.small and now.small != self.small:
            return "has another content"
        return ""


def take(run: Run) -> dict[str, str]:
    """Take the manifest of a run's artifacts; return it as a tag."""
    return {MANIFEST: json.dumps({name: asdict(now) for name, now in _contents(run).items()})}


def renew(run_id: str, names: Collection[str]) -> None:
    """Note some artifacts anew, which another run has replaced; the others stay as noted."""
    client = mlflow.MlflowClient()
    run = client.get_run(run_id)
    if MANIFEST in run.data.tags:
        now = _contents(run)
        noted = json.loads(run.data.tags[MANIFEST])
        noted |= {name: asdict(now[name]) for name in names if name in now}
        client.set_tag(run_id, MANIFEST, json.dumps(noted))


def is_noted(run: Run) -> bool:
    """Return whether a run has noted artifacts; runs of earlier releases have not."""
    return run.data.tags.get(MANIFEST, "{}") != "{}"


def find_damage(run: Run, prefix: str = "") -> str:
    """Describe the artifacts that are not as they were noted; empty where all are.

    Parameters
    ----------
    run : Run
    prefix : str
        Only artifacts whose names start with it.
    """
    noted = json.loads(run.data.tags.get(MANIFEST, "{}"))
    names = sorted(name for name in noted if name.startswith(prefix))
    now = _contents(run, names)
    changes = {name: Content(**noted[name]).compare(now.get(name)) for name in names}
    return ", ".join(f"{name} {change}" for name, change in changes.items() if change)


def _contents(run: Run, names: Collection[str] | None = None) -> dict[str, Content]:
    """Summarise what there is now: all of it, or the artifacts of some names."""
    folders = {"": run.info.artifact_uri, **_models(run)}
    return {
        name: content
        for model, uri in folders.items()
        for name, content in _summarize(uri, model, names).items()
    }


def _models(run: Run) -> dict[str, str]:
    """Return where the files of each of a run's models are, by its name in the manifest."""
    client = mlflow.MlflowClient()
    ids = [output.model_id for output in run.outputs.model_outputs] if run.outputs else []
    return {f"{MODELS}/{name}": client.get_logged_model(name).artifact_location for name in ids}


def _summarize(uri: str, model: str, names: Collection[str] | None) -> dict[str, Content]:
    """Summarise the files below a URI by artifact; a model is one artifact."""
    if model and names is not None and model not in names:
        return {}
    grouped: dict[str, list[StoredFile]] = {}
    for file in _list(uri, None if model else names):
        grouped.setdefault(model or file.path.partition("/")[0], []).append(file)
    return {name: _content(sorted(files)) for name, files in grouped.items()}


def _content(files: Sequence[StoredFile]) -> Content:
    names = [f"{file.path} {file.size}" for file in files]
    small = [file.digest for file in files if file.digest]
    return Content(
        len(files),
        sum(file.size for file in files),
        _digest(names),
        _digest(small) if small else "",
    )


def _digest(texts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def _list(uri: str, names: Collection[str] | None) -> Iterator[StoredFile]:
    """List the files below a URI; without those that only readers made."""
    local = mlflow_internals.local_path(uri)
    files = _local(local) if local else _remote(uri, names)
    return (file for file in files if not any(part in file.path for part in _PASSING))


def _local(root: Path) -> Iterator[StoredFile]:
    for folder, _, files in os.walk(root):
        for name in files:
            path = Path(folder, name)
            size = path.stat().st_size
            digest = hashlib.sha256(path.read_bytes()).hexdigest() if size <= SMALL_BYTES else ""
            yield StoredFile(path.relative_to(root).as_posix(), size, digest)


def _remote(uri: str, names: Collection[str] | None) -> Iterator[StoredFile]:
    """List the files of another store, a request for each folder."""
    repository = mlflow_internals.get_artifact_repository(uri)
    folders = [""]
    while folders:
        for entry in repository.list_artifacts(folders.pop() or None):
            if names is not None and entry.path.partition("/")[0] not in names:
                continue
            if entry.is_dir:
                folders.append(entry.path)
            else:
                yield StoredFile(entry.path, int(entry.file_size or 0))
