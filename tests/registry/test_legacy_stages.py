"""Stages follow the aliases, and are only a note where there are none."""

import mlflow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow.entities.model_registry import ModelVersion

from longhaul.registry import legacy_stages, promotion
from tests import registered

STAGES = st.sampled_from(["None", "Staging", "Production", "Archived"])


@given(
    st.lists(STAGES, min_size=1, max_size=6),
    st.dictionaries(st.sampled_from(["champion", "challenger", "other"]), st.integers(1, 6)),
)
def test_stages_say_what_the_aliases_say(before: list[str], aliases: dict[str, int]) -> None:
    """From any state: Production is the champion, Staging the challenger, no one else is either."""
    names = {alias: str(number) for alias, number in aliases.items()}
    found = [ModelVersion("m", str(n), 0, current_stage=s) for n, s in enumerate(before, 1)]
    after = {one.version: one.current_stage for one in found} | dict(
        legacy_stages.stage_changes(found, names)
    )
    for version, stage in after.items():
        assert (stage == "Production") == (version == names.get("champion"))
        challenges = version == names.get("challenger") != names.get("champion")
        assert (stage == "Staging") == challenges
    settled = [ModelVersion("m", v, 0, current_stage=s) for v, s in after.items()]
    assert list(legacy_stages.stage_changes(settled, names)) == []


def test_mlflow_without_stages_is_a_note(
    tracking: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The champion moves all the same."""
    registered.model("bare", 1)
    monkeypatch.delattr(mlflow.MlflowClient, "transition_model_version_stage")
    promotion.promote("bare", "1", "first")
    assert promotion.champion("bare") == "1"
    expected = (
        "note: bare: the stages do not follow the aliases: this version of MLflow has no stages\n"
    )
    assert expected == capsys.readouterr().err
