"""What is kept with a model for later periods to be measured against."""

import json

import numpy as np
import pandas as pd
import pytest

from longhaul.errors import LonghaulError
from longhaul.estimators.sample import Sample
from longhaul.features.encoder import Encoder
from longhaul.monitoring.drift import compare
from longhaul.monitoring.reference import Reference, fit
from tests import tables
from tests.monitoring import monitored


def test_periods_are_counted_apart() -> None:
    """Rows and counts of every column of each month fitted on."""
    found = monitored.reference()
    frame = tables.churn(rows_per_month=200)
    month = frame["day"].dt.strftime("%Y-%m")
    assert list(found.periods) == [f"2020-0{one}" for one in range(1, 6)]
    for label, counted in found.periods.items():
        rows = frame[month == label]
        assert counted.rows == len(rows)
        assert counted.histograms["age"].missing == rows["age"].isna().sum()
        assert counted.histograms["plan"].counts.sum() == len(rows)


def test_all_periods_together_and_all_but_one() -> None:
    """What was counted of a column adds up."""
    found = monitored.reference()
    whole = found.pooled("calls")
    rest = found.pooled("calls", without="2020-03")
    assert whole.rows == sum(one.rows for one in found.periods.values())
    both = rest + found.periods["2020-03"].histograms["calls"]
    assert both.counts.tolist() == whole.counts.tolist()
    assert both.sums == pytest.approx(whole.sums)


def test_predictions_of_validation_are_kept() -> None:
    """With their outcomes, their spread, and the calibration learned from them."""
    found, package = monitored.reference(), monitored.fitted().package
    assert found.valid.rows == found.valid.labelled == len(package.valid)
    assert found.valid.positives == package.valid["outcome"].sum()
    assert found.score_histogram.rows == len(package.valid)
    assert found.calibration.slope > 0


def test_importance_is_a_share_of_one() -> None:
    """Calls and plan decide who leaves."""
    shares = monitored.reference().importance
    assert sum(shares.values()) == pytest.approx(1)
    assert sorted(shares, key=lambda name: -shares[name])[0] == "calls"


def test_kept_as_json() -> None:
    """It comes back as it went."""
    found = monitored.reference()
    text = json.dumps(found.to_dict())
    assert json.dumps(Reference.from_dict(json.loads(text)).to_dict()) == text


def test_the_former_format_is_read() -> None:
    """A model of an earlier release: no ranges of periods, no predictions by period."""
    record = json.loads(json.dumps(monitored.reference().to_dict()))
    former = {key: value for key, value in record.items() if key != "score_periods"}
    for column in former["columns"]:
        del column["lowest"], column["highest"]
    for counts in former["periods"].values():
        for histogram in counts["columns"].values():
            histogram["outside"] = 0
    found = Reference.from_dict({**former, "format": 2})
    assert found.score_periods == {}
    assert all(bins.lowest is None for bins in found.bins)
    seen = monitored.observation(monitored.rows(400))
    assert seen is not None
    drift = compare(found, seen.counts, seen.score_histogram, 0.05, "2020-07")
    assert drift.score_periods == 0
    assert drift.learned


def test_each_period_is_held_against_the_ranges_of_the_others() -> None:
    """A record of one period is out of range of the others; the learned range holds all of them."""
    frame = pd.DataFrame({"x": [1.0, 2, 1, 2, 1, 90], "c": ["a", "b", "a", "b", "a", "new"]})
    encoder = Encoder.fit(frame, ["x", "c"])
    sample = Sample(encoder.transform(frame), np.zeros(6))
    for labels, expected in ((list("aabbbb"), [0, 1]), (list("aabbcc"), [0, 0, 1])):
        kept = fit(frame, sample, np.array(labels), encoder, 10)
        counts = [one.histograms["x"].out_of_range for one in kept["periods"].values()]
        new = [one.histograms["c"].out_of_range for one in kept["periods"].values()]
        assert counts == expected
        assert sum(new) >= 1
        x = next(bins for bins in kept["bins"] if bins.name == "x")
        assert x.histogram(sample.matrix[:, 0]).out_of_range == 0


def test_predictions_of_each_period_are_kept() -> None:
    """Those of training by models without that period, those of validation as they are."""
    found = monitored.reference()
    assert list(found.score_periods) == list(found.periods)
    rows = [histogram.rows for histogram in found.score_periods.values()]
    assert rows == [counts.rows for counts in found.periods.values()]
    last = list(found.score_periods.values())[-1]
    assert last.counts.tolist() == found.score_histogram.counts.tolist()


def test_another_format_is_refused() -> None:
    """With what to do."""
    with pytest.raises(LonghaulError, match="its format is 1, but this code reads 2 and 3"):
        Reference.from_dict({"format": 1})


def test_no_rare_level_is_taken_for_new() -> None:
    """Those without a code of their own are known by name."""
    for one in monitored.reference().bins:
        assert not set(one.rare) & set(one.levels)
    bins = monitored.reference().bins
    assert all(np.isfinite(one.low) for one in bins if one.column_type == "number")
