"""The whole life cycle on PostgreSQL over HTTP with users, from the environment alone."""

from pathlib import Path

import mlflow
import pytest

from longhaul.errors import LonghaulError
from longhaul.production.history import ProductionHistory
from longhaul.registry import garbage_collection, ledger, promotion
from longhaul.tracking.tags import HEADLINE
from longhaul.tracking_server import backup
from longhaul.tracking_server.settings import resolve_storage
from tests import lifecycles, objects, tables
from tests.lifecycles import REPOSITORY
from tests.postgres import Postgres
from tests.tracking_server import lives, servers
from tests.tracking_server.servers import Tracking

pytestmark = [pytest.mark.slow, pytest.mark.server]


def test_a_whole_life(server: Tracking, home: Path) -> None:
    """Everything is on the server, nothing beside it, and again all that is whole is reused."""
    lifecycles.run(home, str(REPOSITORY), who=server.who("kim"), **lives.SMALL)
    with server.as_user("rita") as client:
        second, first = lifecycles.parents()
        ran = set(lifecycles.children(first))
        assert lifecycles.reused(second) == ran >= {"ingest", "evaluate", "cycle 2020-09"}
        assert lifecycles.children(second) == {}
        assert client.search_runs(["0"], "attributes.status = 'RUNNING'") == []
        assert mlflow.pyfunc.load_model("models:/churn@champion").predict(tables.churn(2)).size
        assert sorted(ProductionHistory.load("churn").periods) == ["2020-07", "2020-08", "2020-09"]
    purged, *_ = Path(server.settings.storage.artifacts).rglob(
        "predictions/churn-1/2020-09.parquet"
    )
    purged.unlink()
    printed = lifecycles.run(home, str(REPOSITORY), who=server.who("kim"), **lives.SMALL)
    assert "cycle 2020-09 does not reuse run" in printed
    with server.as_user("rita"):
        third, *_ = lifecycles.parents()
        assert set(lifecycles.children(third)) == {"cycle 2020-09", "report"}
    assert sorted(path.name for path in home.iterdir()) == ["churn.parquet", "churn.yaml"]


def test_a_trainer_gets_as_far_as_the_registry(server: Tracking, home: Path) -> None:
    """Steps up to evaluate are run; what would change the registered model is refused."""
    process = lifecycles.start(
        home, str(REPOSITORY), who=server.who("tom"), **{**lives.SMALL, "seed": 3}
    )
    printed, _ = process.communicate(timeout=lifecycles.SECONDS)
    assert process.returncode != 0
    assert "error: register: " in printed, printed
    assert "does not allow tom to do this" in printed
    with server.as_user("rita"):
        parent, *_ = lifecycles.parents()
        ended = {name: run.info.status for name, run in lifecycles.children(parent).items()}
        assert ended["evaluate"] == "FINISHED"
        assert ended["register"] == parent.info.status == "FAILED"
        assert promotion.champion("churn") == "1"
        assert len(ledger.lines("churn")) == 1


def test_a_backup_restored_elsewhere_lives_on(
    server: Tracking, database: Postgres, home: Path, tmp_path: Path
) -> None:
    """Into a new database and an object store: a cycle runs, the champion loads, users are known.

    And from there back into a folder: nothing is missing.
    """
    (tmp_path / "objects").mkdir()
    with objects.store(tmp_path / "objects") as bucket:
        made = backup.create(server.settings.storage, tmp_path / "backup")
        assert made.files > 50
        address = database.database("restored")
        store = resolve_storage("server", address, f"{bucket}/restored", tmp_path)
        assert backup.restore(tmp_path / "backup", store) == made
        with pytest.raises(LonghaulError, match="is not empty; name a new one"):
            backup.restore(tmp_path / "backup", store)
        with server.as_user("rita"):
            before = lives.told()
        with servers.tracking(tmp_path, address, store.artifacts) as other:
            cycle = {"problem": "churn.yaml", "period": "2020-09"}
            who = other.who("kim")
            lifecycles.run(home, str(REPOSITORY), "cycle", who=who, **cycle)
            lifecycles.run(home, str(REPOSITORY), "cycle", who=who, use_cache="false", **cycle)
            with other.as_user("rita") as client:
                assert lives.told() == before
                model = mlflow.pyfunc.load_model("models:/churn@champion")
                assert model.predict(tables.churn(2)).size
                told = client.search_runs(["0"], "params.period = '2020-09'")
                assert any("nothing has changed" in run.data.tags[HEADLINE] for run in told)
        again = backup.create(store, tmp_path / "again")
    assert again.files > made.files
    kept, found = (
        {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
        for folder in (tmp_path / "backup" / "artifacts", tmp_path / "again" / "artifacts")
    )
    assert kept < found


def test_what_is_needed_survives_cleaning(server: Tracking, home: Path) -> None:
    """Runs that nothing needs go, with their artifacts; what a version needs stays and works."""
    with server.as_user("kim") as client:
        run = client.create_run("0", run_name="an idea").info.run_id
        client.log_text(run, "x", "folder/x.txt")
        client.set_terminated(run)
        inventory = garbage_collection.take_inventory("0")
        first = lifecycles.parents()[-1].info.run_id
        assert run not in inventory.reachable
        assert {first, ProductionHistory.load("churn").run} <= inventory.reachable
        kept = {run_id: len(client.list_artifacts(run_id)) for run_id in inventory.reachable}
    clean = {"experiment": "Default", "days": 0}
    said = lifecycles.run(home, str(REPOSITORY), "gc", who=server.who("admin"), **clean)
    assert "would be deleted; -P apply=true deletes" in said
    said = lifecycles.run(
        home, str(REPOSITORY), "gc", who=server.who("admin"), apply="true", **clean
    )
    assert "runs deleted, with" in said
    artifacts = Path(server.settings.storage.artifacts)
    assert not list(artifacts.rglob(f"{run}/**/x.txt"))
    with server.as_user("kim") as client:
        assert run not in {one.info.run_id for one in client.search_runs(["0"], max_results=1000)}
        assert {one: len(client.list_artifacts(one)) for one in kept} == kept
        assert mlflow.pyfunc.load_model("models:/churn@champion").predict(tables.churn(2)).size
    # What a refused candidate was made of may be gone: it is made again, and the champion stays.
    lifecycles.run(home, str(REPOSITORY), who=server.who("kim"), **lives.SMALL)
    with server.as_user("kim"):
        newest, *_ = lifecycles.parents()
        assert newest.info.status == "FINISHED"
        assert promotion.champion("churn") == "1"
        lives.check()
