"""Figures of the watch: those of the newest period, and none of the one before."""

from prometheus_client.parser import text_string_to_metric_families

from longhaul.evaluation.intervals import Interval
from longhaul.monitoring import serialisation
from longhaul.monitoring.assessment import Monitor
from longhaul.monitoring.evidence import ServiceLosses
from longhaul.watch.figures import WatchFigures
from tests.monitoring import monitored

Samples = dict[tuple[str, ...], float]


def shown(figures: WatchFigures, is_known: bool) -> Samples:
    """What /metrics has after a period, by name and labels but the model's."""
    monitor = Monitor(monitored.reference(), monitored.problem(), {"auc": Interval(0.75, 0.7, 0.8)})
    seen = monitored.observation(monitored.rows(400), is_known)
    realized = [monitor.realized("2020-07", seen)] if is_known else []
    assessment = serialisation.to_dict(monitor.assess("2020-07", seen, realized))
    figures.show(assessment, "1", ServiceLosses(unread=3))
    families = text_string_to_metric_families(figures.exposition().decode())
    return {
        (sample.name, *(text for key, text in sorted(sample.labels.items()) if key != "model")): (
            sample.value
        )
        for family in families
        for sample in family.samples
    }


def test_a_period_with_outcomes() -> None:
    """Its own estimate stands beside what was realized; importances are shares of one."""
    found = shown(WatchFigures("churn"), is_known=True)
    assert found["longhaul_watch_rows",] == found["longhaul_watch_realized_rows",] == 400
    assert found["longhaul_watch_labelled_rows",] == 400
    for bound in ("low", "high"):
        expected = found["longhaul_watch_realized_expected", bound, "auc"]
        assert expected == found["longhaul_watch_expected", bound, "auc"]
        assert 0 < found["longhaul_watch_realized", bound, "auc"] < 1
    assert 0.05 < found["longhaul_watch_importance", "calls"] <= 1
    assert found["longhaul_watch_importance", "calls"] > found["longhaul_watch_importance", "age"]
    assert found["longhaul_watch_lost", "unread"] == 3


def test_a_period_without_outcomes_takes_the_old_ones_away() -> None:
    """What was realized before is not shown as if it were new, nor as zero."""
    figures = WatchFigures("churn")
    shown(figures, is_known=True)
    found = shown(figures, is_known=False)
    assert found["longhaul_watch_rows",] == 400
    names = {name for name, *_ in found}
    assert not {name for name in names if "realized" in name or "labelled" in name}
