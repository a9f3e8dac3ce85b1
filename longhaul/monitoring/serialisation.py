"""What monitoring says of a period, as JSON and as metrics."""

from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from typing import Any

from longhaul.evaluation.intervals import Interval
from longhaul.json_values import replace_non_finite, sanitize_metric_name
from longhaul.monitoring import decision as decisions
from longhaul.monitoring import performance
from longhaul.monitoring.assessment import Assessment, RealizedPerformance
from longhaul.monitoring.drift import ColumnDrift
from longhaul.monitoring.performance import Figures
from longhaul.tasks import TASKS


def to_dict(assessment: Assessment) -> dict[str, Any]:
    """As JSON knows it, which has no word for what is not finite but null."""
    drift = assessment.drift
    found = {
        "period": assessment.period,
        "kind": assessment.task_type,
        "lead": TASKS[assessment.task_type].primary_metric,
        "rows": assessment.rows,
        "decision": asdict(assessment.decision),
        "assumption": performance.ASSUMPTION,
        "expected": _figures(assessment.expected),
        "truths": [_truth(one) for one in assessment.truths],
        "drift": None
        if drift is None
        else {
            "reference_periods": drift.periods,
            "learned": drift.learned,
            "columns": [_column(one) for one in drift.columns],
            "predictions": _column(drift.scores),
            "volume": _column(drift.volume),
            "repeated": _column(drift.repeated),
        },
        "pictures": list(assessment.pictures),
    }
    return dict(replace_non_finite(found))


def metrics(assessment: Assessment) -> dict[str, float]:
    """The period's own figures as metrics."""
    decision = assessment.decision
    found: dict[str, float] = {
        "rows": float(assessment.rows),
        "decision": float(decisions.LEVELS.index(decision.level)),
        **_bounds("expected", assessment.expected),
    }
    drift = assessment.drift
    if drift is not None:
        found["drift/columns"] = float(len(drift.drifted))
        found["drift/importance"] = sum({o.feature: o.importance for o in drift.drifted}.values())
        for column in (*drift.columns, drift.scores, drift.volume, drift.repeated):
            for one in column.measures:
                found[f"moved/{sanitize_metric_name(column.name)}.{one.name}"] = one.value
    return {name: value for name, value in found.items() if isfinite(value)}


def realized_metrics(one: RealizedPerformance) -> dict[str, float]:
    """The figures of a period with outcomes, as metrics."""
    found = {
        "labelled": float(one.realized.labelled),
        **_bounds("realized", one.realized.figures),
        **{f"{name}/estimate_error": error for name, error in one.errors.items()},
    }
    if one.realized.positives:
        found["positive_share"] = one.realized.positives / one.realized.labelled
    if one.causes is not None:
        found["cause/features"] = one.causes.features
        found["cause/relation"] = one.causes.relation.value
        found["cause/level"] = one.causes.level
    return {name: value for name, value in found.items() if isfinite(value)}


def _bounds(prefix: str, figures: Figures) -> dict[str, float]:
    return {
        f"{name}/{prefix}{suffix}": value
        for name, one in figures.items()
        for suffix, value in (("", one.value), ("_low", one.low), ("_high", one.high))
    }


def _truth(one: RealizedPerformance) -> dict[str, Any]:
    known = one.realized
    return {
        "period": known.period,
        "rows": known.rows,
        "labelled": known.labelled,
        "positives": known.positives,
        "fell": one.degraded,
        "realized": _figures(known.figures),
        "expected": _figures(one.expected),
        "errors": one.errors,
        "causes": None if one.causes is None else asdict(one.causes),
        "slices": [asdict(share) for share in one.shares],
    }


def _column(column: ColumnDrift) -> dict[str, Any]:
    return {**asdict(column), "distance": column.distance, "weight": column.weight}


def _figures(figures: Mapping[str, Interval]) -> dict[str, Any]:
    return {name: asdict(one) for name, one in figures.items()}
