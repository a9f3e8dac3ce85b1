"""A search by SparkTrials."""

import math
from pathlib import Path
from typing import Any

from longhaul.engines.spark.search import run
from longhaul.estimators import families
from longhaul.tasks import binary
from longhaul.training.candidate import EncodedWindows
from longhaul.training.objective import validation_objective
from longhaul.training.search import Search, SearchContext
from tests.estimators.test_families import ENCODER, TRAIN, VALID

PREPARED = EncodedWindows(ENCODER, TRAIN, VALID)
OWN = Path(__file__).parents[1] / "estimators" / "custom_family.py"


def search(trials: int, family: str = "linear") -> Search:
    chosen = families.family(family)
    space = chosen.space()
    return Search(space, {name: chosen.defaults[name] for name in space}, trials, 5.0, 0)


def test_trials_on_workers_find_what_they_would_here(spark: Any) -> None:
    """Defaults first; each loss is what this machine finds for the same settings."""
    found = list(run(spark, search(6), "linear", [], "binary", PREPARED))
    assert [one.number for one in found] == list(range(6))
    assert found[0].settings == search(6).first
    judge = validation_objective(binary, families.family("linear"), PREPARED, 0, 1)
    for one in found:
        assert math.isclose(
            judge(one.settings, SearchContext())["valid_loss"], one.loss, rel_tol=1e-12
        )
        assert not one.failure
        assert one.seconds > 0


def test_a_search_goes_on(spark: Any) -> None:
    """Trials of a search that was cut off count, and are not tried again."""
    earlier = list(run(spark, search(3), "linear", [], "binary", PREPARED))
    more = list(run(spark, search(6), "linear", [], "binary", PREPARED, earlier))
    assert [one.number for one in more] == [3, 4, 5]
    settings = [tuple(one.settings.values()) for one in (*earlier, *more)]
    assert len(set(settings)) == 6
    assert list(run(spark, search(6), "linear", [], "binary", PREPARED, [*earlier, *more])) == []


def test_a_trial_that_fails_is_a_record(spark: Any) -> None:
    """With its reason; the search goes on."""
    broken = EncodedWindows(ENCODER, TRAIN, VALID)
    wrong = search(3)
    strange = Search(wrong.space, {"C": -1.0}, 3, 5.0, 0)
    found = list(run(spark, strange, "linear", [], "binary", broken))
    assert found[0].failure
    assert not any(one.failure for one in found[1:])
