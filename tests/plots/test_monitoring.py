"""Pictures of a model in production."""

from typing import Any

import numpy as np
import pytest

from longhaul.plots import monitoring


def figure(value: float | None) -> dict[str, float | None]:
    return {"value": value, "low": value and value - 0.01, "high": value and value + 0.01}


def record(period: str, version: str = "1", level: str = "ok", **changes: Any) -> dict[str, Any]:
    return {
        "period": period,
        "version": version,
        "level": level,
        "expected": {"auc": figure(0.75), "log_loss": figure(0.4), "cost": figure(0.3)},
        "realized": {"auc": figure(0.72), "log_loss": figure(0.5), "cost": figure(0.4)},
        **changes,
    }


PICTURE = {
    "name": "calls",
    "kind": "number",
    "drifted": True,
    "cause": "ks",
    "distance": 0.3,
    "labels": [1.0, 2.0, 3.0],
    "span": [0.0, 9.0],
    "before": [0.25, 0.25, 0.25, 0.25],
    "now": [0.1, 0.2, 0.3, 0.4],
    "missing": [0.0, 0.1],
}


def test_a_distribution_of_a_number() -> None:
    """Both distribution functions, which end at one; the title says whether it drifted."""
    drawn = monitoring.distribution(PICTURE)
    assert drawn.get_suptitle() == "calls: drifted"
    (axes,) = drawn.axes
    assert len(axes.lines) == 2
    for line in axes.lines:
        assert line.get_ydata()[-1] == pytest.approx(1)
    assert "10.0% now" in axes.get_title(loc="left")


def test_a_distribution_of_a_category() -> None:
    """Bars before and now, the most frequent levels only."""
    many = [f"level {i}" for i in range(40)]
    shares = np.full(40, 1 / 40).tolist()
    drawn = monitoring.distribution(
        {
            **PICTURE,
            "kind": "category",
            "labels": many,
            "before": shares,
            "now": shares,
            "drifted": 0,
        }
    )
    (axes,) = drawn.axes
    assert len(axes.patches) == 2 * monitoring.MAX_LEVELS
    assert drawn.get_suptitle() == "calls: within the reference variation"


@pytest.mark.parametrize("changes", [{"span": [None, None], "labels": []}, {"now": [0, 0, 0, 0]}])
def test_a_distribution_of_nothing(changes: dict[str, Any]) -> None:
    """Drawn as far as there is something."""
    assert monitoring.distribution({**PICTURE, **changes}).axes


def test_performance_over_the_periods() -> None:
    """Both curves, a line where another version took over, and how far expectations were off."""
    records = [record("2020-07"), record("2020-08"), record("2020-09", "2", "act")]
    drawn = monitoring.performance(records, ("auc", "cost"))
    assert drawn.get_suptitle().startswith("Without ground truth, the AUC was expected 0.030 above")
    first, second, strip = drawn.axes
    assert len(first.containers) == len(second.containers) == 2
    assert [text.get_text() for text in strip.texts] == ["ok · v1", "ok · v1", "act · v2"]
    assert sum(list(line.get_xdata()) == [1.5, 1.5] for line in first.lines) == 1


@pytest.mark.parametrize(
    "changes",
    [{"realized": {}}, {"expected": {}, "realized": {}}, {"realized": {"auc": figure(None)}}],
)
def test_performance_without_outcomes(changes: dict[str, Any]) -> None:
    """That none is known is said."""
    drawn = monitoring.performance([record("2020-07", **changes)], ("auc",))
    assert drawn.get_suptitle() == "There is no ground truth yet"


def test_heat_is_a_number_in_each_field() -> None:
    """Unless it is not known; beyond the limit it is bold."""
    drawn = monitoring.heat({"calls": [0.5, 3.0], "age": [float("nan"), 1.0]}, ["a", "b"])
    texts = {text.get_text(): text.get_fontweight() for text in drawn.axes[0].texts}
    assert texts == {"0.5": "normal", "3.0": "bold", "1.0": "normal"}


def test_causes_lead_from_one_loss_to_the_other() -> None:
    """The bars stand on each other."""
    parts = {
        "before": 0.4,
        "covariate_shift": -0.05,
        "concept_shift": {"value": 0.1, "low": 0.09, "high": 0.11},
        "base_rate_shift": 0.02,
        "after": 0.45,
    }
    drawn = monitoring.causes(parts)
    bars = drawn.axes[0].patches
    ends = [bar.get_y() + bar.get_height() for bar in bars]
    assert ends == pytest.approx([0.4, 0.35, 0.45, 0.45])
