"""What every family has to do, and what keeps their files honest."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hyperopt.pyll.stochastic import sample as draw
from scipy.special import logit
from sklearn.metrics import roc_auc_score

from longhaul.errors import LonghaulError
from longhaul.estimators.families import FAMILIES, Family, family
from longhaul.estimators.sample import Sample
from longhaul.features.encoder import Encoder
from tests.tables import churn

FEATURES = ["day", "calls", "plan", "age", "constant", "empty"]
SMALL = {"iterations": 60, "trees": 20, "min_rows": 5}


def table(seed: int) -> pd.DataFrame:
    """Customers, with a column that never changes and one that is always missing."""
    return churn(200, seed).assign(constant=1, empty=np.nan)


def encoded(frame: pd.DataFrame) -> Sample:
    return Sample(ENCODER.transform(frame), (frame["churned"] == "yes").to_numpy())


ENCODER = Encoder.fit(table(0), FEATURES)
TRAIN, VALID, TEST = (encoded(table(seed)) for seed in range(3))


def small(chosen: Family) -> dict[str, float]:
    return {name: value for name, value in SMALL.items() if name in chosen.defaults}


@pytest.fixture(params=FAMILIES.values(), ids=list(FAMILIES))
def each(request: pytest.FixtureRequest) -> Family:
    return request.param


def test_unknown_family() -> None:
    """A name that is none is answered with those that are."""
    with pytest.raises(LonghaulError, match="'xgboost' is unknown; choose one of linear, forest"):
        family("xgboost")


def test_learns(each: Family) -> None:
    """Rows never seen are ranked well, and the probabilities keep the base rate."""
    estimator = each.fit(small(each), ENCODER, TRAIN, VALID, 0, 1)
    probability = estimator.scores(TEST.matrix)
    assert (np.float64, TEST.outcome.shape) == (probability.dtype, probability.shape)
    assert roc_auc_score(TEST.outcome, probability) > 0.75
    assert pytest.approx(TEST.outcome.mean(), abs=0.03) == probability.mean()


def test_same_seed(each: Family) -> None:
    """The same seed gives the same model."""
    first, second = (
        each.fit(small(each), ENCODER, TRAIN, VALID, 7, 1).scores(TEST.matrix) for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)


def test_iterations(each: Family) -> None:
    """Validation chooses how many; without it they are what the settings say."""
    stopped = each.fit({**small(each)}, ENCODER, TRAIN, VALID, 0, 1).iterations
    if "iterations" not in each.defaults:
        assert stopped is None
        return
    assert 0 < stopped < 60
    assert each.fit({"iterations": 9}, ENCODER, TRAIN, None, 0, 1).iterations == 9


def test_saved(each: Family, tmp_path: Path) -> None:
    """What is read from disk predicts the same bit for bit, and there is no pickle on disk."""
    estimator = each.fit(small(each), ENCODER, TRAIN, None, 0, 1)
    estimator.save(tmp_path)
    again = each.load(tmp_path, 2)
    expected, found = (e.scores(TEST.matrix) for e in (estimator, again))
    np.testing.assert_array_equal(expected, found)
    assert estimator.iterations == again.iterations
    assert {path.suffix for path in tmp_path.iterdir()} <= {".skops", ".txt"}


def test_odd_rows(each: Family) -> None:
    """Rows of nothing, categories never seen, and no rows at all have an answer."""
    estimator = each.fit(small(each), ENCODER, TRAIN, None, 0, 1)
    odd = ENCODER.transform(pd.DataFrame({"plan": [None, "never seen"]}))
    probability = estimator.scores(odd)
    assert ((probability >= 0) & (probability <= 1)).all()
    assert estimator.scores(odd[:0]).shape == (0,)


def test_space(each: Family) -> None:
    """The defaults lie in the space, and any settings drawn from it can be fitted."""
    drawn = [draw(each.space(), np.random.default_rng(seed)) for seed in range(200)]
    for name in drawn[0]:
        values = [settings[name] for settings in drawn]
        assert min(values) <= each.defaults[name] <= max(values), name
    settings = {**drawn[0], **{k: v for k, v in small(each).items() if k not in drawn[0]}}
    assert each.fit(settings, ENCODER, TRAIN, VALID, 0, 1).scores(TEST.matrix).max() <= 1


def test_contributions() -> None:
    """LightGBM's add up to the log-odds, up to one constant; the others do not know theirs."""
    for chosen in FAMILIES.values():
        estimator = chosen.fit(small(chosen), ENCODER, TRAIN, None, 0, 1)
        parts = estimator.contributions(TEST.matrix)
        if chosen.name != "lightgbm":
            assert parts is None
            continue
        assert TEST.matrix.shape == parts.shape
        rest = logit(estimator.scores(TEST.matrix)) - parts.sum(axis=1)
        np.testing.assert_allclose(rest, rest[0], atol=1e-9)


def test_lightgbm_refuses() -> None:
    """Settings that LightGBM cannot use are one clear error."""
    with pytest.raises(LonghaulError, match=r"lightgbm: .*learning_rate"):
        family("lightgbm").fit({"learning_rate": -1}, ENCODER, TRAIN, None, 0, 1)


@pytest.mark.parametrize("name", ["linear", "forest", "histogram"])
def test_untrusted_type(name: str, tmp_path: Path) -> None:
    """A file with anything but the named types in it is refused before any of it is built."""
    chosen = family(name)
    estimator = chosen.fit(small(chosen), ENCODER, TRAIN, None, 0, 1)
    estimator.model.extra = os.system
    estimator.save(tmp_path)
    with pytest.raises(LonghaulError, match=r"refused.*system"):
        chosen.load(tmp_path, 2)


def test_tree_out_of_bounds(tmp_path: Path) -> None:
    """A forest that would make scikit-learn read foreign memory is refused."""
    forest = family("forest")
    estimator = forest.fit(small(forest), ENCODER, TRAIN, None, 0, 1)
    tree = estimator.model.estimators_[3].tree_
    state = tree.__getstate__()
    state["nodes"]["left_child"][0] = 10**6
    tree.__setstate__(state)
    estimator.save(tmp_path)
    with pytest.raises(
        LonghaulError, match=r"refused to load\. A tree in it has nodes or columns out of bounds"
    ):
        forest.load(tmp_path, 2)


def test_boosted_tree_out_of_bounds(tmp_path: Path) -> None:
    """Nor is one of gradient boosting let in."""
    histogram = family("histogram")
    estimator = histogram.fit(small(histogram), ENCODER, TRAIN, None, 0, 1)
    estimator.model._predictors[3][0].nodes["feature_idx"][0] = 10**6
    estimator.save(tmp_path)
    with pytest.raises(
        LonghaulError, match=r"refused to load\. A tree in it has nodes or columns out of bounds"
    ):
        histogram.load(tmp_path, 2)
