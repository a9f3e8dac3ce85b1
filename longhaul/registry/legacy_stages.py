"""MLflow's older registry stages, made to mirror the aliases while MLflow still has stages.

The aliases are authoritative: where MLflow has no stages, or refuses to move them, a note is
printed.
"""

import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping

import mlflow
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from longhaul.registry import versions

CHAMPION, CHALLENGER = "champion", "challenger"
ARCHIVED = "Archived"

_STAGES = {CHAMPION: "Production", CHALLENGER: "Staging"}


def mirror(name: str) -> None:
    """Make Production, Staging and Archived follow the aliases of a registered model."""
    client = mlflow.MlflowClient()
    if not hasattr(client, "transition_model_version_stage"):
        return _note(name, "this version of MLflow has no stages")
    try:
        for number, stage in stage_changes(versions.all_versions(name), versions.aliases(name)):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)
                client.transition_model_version_stage(name, number, stage)
    except MlflowException as error:
        return _note(name, str(error).splitlines()[0])


def stage_changes(
    existing: Iterable[ModelVersion], aliases: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield number and new stage of each version with a stage that its alias contradicts.

    A version that is both champion and challenger is in Production. One that is neither is
    Archived if it was either, and keeps its stage otherwise.
    """
    named = [alias for alias in (CHALLENGER, CHAMPION) if alias in aliases]
    wanted = {aliases[alias]: _STAGES[alias] for alias in named}
    for version in existing:
        number, stage = str(version.version), version.current_stage
        new = wanted.get(number, ARCHIVED if stage in _STAGES.values() else stage)
        if stage != new:
            yield number, new


def _note(name: str, reason: str) -> None:
    print(f"note: {name}: the stages do not follow the aliases: {reason}", file=sys.stderr)
