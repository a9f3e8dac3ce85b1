"""All that is said of a period, as JSON and as metrics."""

import json
import math

import numpy as np
import pytest
from mlflow.utils.validation import _validate_metric_name

from longhaul.evaluation.intervals import Interval
from longhaul.json_values import sanitize_metric_name
from longhaul.monitoring import serialisation
from longhaul.monitoring.assessment import Assessment, Monitor
from longhaul.monitoring.serialisation import to_dict, upgrade
from longhaul.report import production as pages
from tests.monitoring import monitored


def judged(count: int = 400, known: bool = True, **changes: object) -> Assessment:
    seen = monitored.observation(monitored.rows(count, **changes), known)
    monitor = Monitor(monitored.reference(), monitored.problem(), {"auc": Interval(0.75, 0.7, 0.8)})
    return monitor.assess("2020-07", seen, [monitor.realized("2020-07", seen)])


@pytest.mark.parametrize(
    "found",
    [judged(), judged(count=0), judged(known=False), judged(churned="no"), judged(calls=np.nan)],
    ids=["usual", "no rows", "no outcomes", "one class", "all missing"],
)
def test_whatever_is_found_can_be_told(found: Assessment) -> None:
    """As strict JSON, as finite metrics, and as a page."""
    text = json.dumps(to_dict(found), allow_nan=False)
    again = json.loads(text)
    assert again["period"] == "2020-07"
    assert again["decision"]["reason"]
    figures = serialisation.metrics(found) | serialisation.realized_metrics(found.realized[0])
    assert all(math.isfinite(value) for value in figures.values())
    page = pages.render_period(again, "churn", "1")
    assert again["decision"]["level"] in page
    assert ">nan" not in page.lower()


def test_metrics_are_the_figures() -> None:
    """Of the same names and values as in the JSON."""
    found = judged()
    told, figures = to_dict(found), serialisation.metrics(found)
    assert figures["auc/expected_low"] == told["expected"]["auc"]["low"]
    assert figures["rows"] == 400
    column = told["drift"]["columns"][0]
    for one in column["measures"]:
        assert figures[f"moved/{column['name']}.{one['name']}"] == one["value"]
    realized = serialisation.realized_metrics(found.realized[0])
    assert realized["auc/realized"] == told["truths"][0]["realized"]["auc"]["value"]
    error = figures["auc/expected"] - realized["auc/realized"]
    assert realized["auc/estimate_error"] == pytest.approx(error)


def test_any_column_name_makes_a_metric() -> None:
    """Quotes, slashes and what else MLflow refuses give way; letters of any script stay."""
    for name in ("a 'b'", "größe (cm)", "x/y", "π", "50%"):
        _validate_metric_name(f"moved/{sanitize_metric_name(name)}.ks")
    assert sanitize_metric_name("größe (cm)") == "größe _cm_"


def test_the_same_rows_say_the_same() -> None:
    """Resampling has a seed."""
    assert to_dict(judged()) == to_dict(judged())


def test_an_assessment_of_an_earlier_release_is_still_read() -> None:
    """Its keys get today's names; what has them already stays as it is."""
    stored = to_dict(judged())
    former = json.loads(json.dumps(stored))
    (truth,) = former["truths"]
    truth["realised"] = truth.pop("realized")
    for old, new in (
        ("features", "covariate_shift"),
        ("relation", "concept_shift"),
        ("level", "base_rate_shift"),
    ):
        truth["causes"][old] = truth["causes"].pop(new)
    assert upgrade(former) == upgrade(stored) == stored
