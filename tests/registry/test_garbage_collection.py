"""What may go, by properties of made-up histories, and for real in a store."""

from pathlib import Path

import mlflow
from hypothesis import given
from hypothesis import strategies as st
from mlflow.entities import Param, Run, RunData, RunInfo, RunTag

from longhaul.registry import garbage_collection

IDS = [f"{number:032x}" for number in range(12)]


def run(run_id: str, parent: str = "", names: tuple[str, ...] = ()) -> Run:
    """A run that is a part of one and names others."""
    info = RunInfo(run_id, "0", "u", "FINISHED", 0, 1, "active")
    tags = [RunTag("mlflow.parentRunId", parent)] if parent else []
    params = [Param(f"p{i}", f"runs:/{name}/table") for i, name in enumerate(names)]
    return Run(info, RunData(params=params, tags=tags))


histories = st.fixed_dictionaries(
    {
        run_id: st.tuples(
            st.sampled_from(["", *IDS[:place]]),
            st.lists(st.sampled_from(IDS), max_size=2).map(tuple),
        )
        for place, run_id in enumerate(IDS)
    }
)


@given(histories, st.sets(st.sampled_from(IDS)))
def test_what_is_needed_is_closed(told: dict, roots: set[str]) -> None:
    """It has the roots; no run in it names, is a part of, or has a part that is not in it."""
    runs = {run_id: run(run_id, *one) for run_id, one in told.items()}
    found = garbage_collection.reachable(runs, roots)
    assert roots <= found
    for run_id in found:
        parent, names = told[run_id]
        assert not parent or parent in found
        assert set(names) <= found
        assert {one for one, (above, _) in told.items() if above == run_id} <= found
    assert bool(found) is bool(roots)


def test_a_name_within_another_is_none() -> None:
    """A longer hexadecimal text, such as a digest, names no run."""
    inner = IDS[1]
    outer = {IDS[0]: run(IDS[0], names=(f"{inner}00",)), inner: run(inner)}
    assert garbage_collection.reachable(outer, [IDS[0]]) == {IDS[0]}


def test_only_what_is_not_needed_goes(tracking: str, tmp_path: Path) -> None:
    """With its files; doing it again finds nothing."""
    client = mlflow.MlflowClient()
    experiment = mlflow.get_experiment_by_name("test").experiment_id
    ids = {}
    for name in ("table", "made", "idea"):
        params = [Param("table", f"runs:/{ids['table']}/x")] if name == "made" else []
        made = client.create_run(experiment, run_name=name)
        client.log_batch(made.info.run_id, params=params)
        client.log_text(made.info.run_id, "x", "x.txt")
        client.set_terminated(made.info.run_id)
        ids[name] = made.info.run_id
    client.create_registered_model("m")
    client.create_model_version("m", f"runs:/{ids['made']}/x.txt", ids["made"])
    open_ = client.create_run(experiment).info.run_id
    inventory = garbage_collection.take_inventory(experiment)
    assert inventory.reachable == {ids["table"], ids["made"], open_}
    (old,) = inventory.collectable(before=2**62)
    assert old.info.run_id == ids["idea"]
    assert inventory.collectable(before=0) == []
    assert garbage_collection.delete(old) == 1
    left = {one.info.run_id for one in client.search_runs([experiment])}
    assert left == {ids["table"], ids["made"], open_}
    (again,) = garbage_collection.take_inventory(experiment).collectable(before=2**62)
    assert again.info.lifecycle_stage == "deleted"
    assert garbage_collection.delete(again) == 0
    assert client.list_artifacts(ids["made"])


def test_another_experiment_may_need_it(tracking: str) -> None:
    """A run at work there that names one here, which nothing else does."""
    client = mlflow.MlflowClient()
    here = mlflow.get_experiment_by_name("test").experiment_id
    named = client.create_run(here).info.run_id
    client.set_terminated(named)
    assert [
        run.info.run_id for run in garbage_collection.take_inventory(here).collectable(before=2**62)
    ] == [named]
    other = client.create_run(client.create_experiment("other")).info.run_id
    client.log_param(other, "table", f"runs:/{named}/table")
    inventory = garbage_collection.take_inventory(here)
    assert inventory.collectable(before=2**62) == []
    assert set(inventory.runs) == {named}
