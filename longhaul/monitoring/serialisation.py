"""Assessments as JSON and as metrics.

Keys of the JSON stay those of earlier releases wherever a page or a program may read them.
"""

from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from typing import Any

from longhaul.evaluation.intervals import Interval
from longhaul.json_values import replace_non_finite, sanitize_metric_name
from longhaul.monitoring import performance
from longhaul.monitoring.assessment import Assessment, RealizedPerformance
from longhaul.monitoring.decision import LEVELS, Decision
from longhaul.monitoring.drift import ColumnDrift
from longhaul.monitoring.evidence import NO_CORRECTION, CorrectionEvidence
from longhaul.monitoring.performance import Figures
from longhaul.monitoring.thresholds import Measure
from longhaul.tasks import TASKS

_FORMER_KEYS = {
    "realised": "realized",
    "features": "covariate_shift",
    "relation": "concept_shift",
    "level": "base_rate_shift",
}


def to_dict(assessment: Assessment) -> dict[str, Any]:
    """Convert an assessment to JSON types; non-finite numbers become null."""
    drift = assessment.drift
    record = {
        "period": assessment.period,
        "kind": assessment.task_type,
        "lead": TASKS[assessment.task_type].primary_metric,
        "rows": assessment.rows,
        "decision": _decision(assessment.decision),
        "assumption": performance.ASSUMPTION,
        "expected": _figures(assessment.expected),
        "correction": asdict(assessment.correction),
        "truths": [_realized(past) for past in assessment.realized],
        "drift": None
        if drift is None
        else {
            "reference_periods": drift.periods,
            "learned": drift.learned,
            "score_periods": drift.score_periods,
            "incomparable": drift.incomparable,
            "partial": drift.partial,
            "columns": [_column(column) for column in drift.columns],
            "predictions": _column(drift.scores),
            "volume": _column(drift.volume),
            "repeated": _column(drift.repeated),
        },
        "pictures": list(assessment.pictures),
    }
    return dict(replace_non_finite(record))


def upgrade(record: Mapping[str, Any]) -> dict[str, Any]:
    """Rename the keys of an assessment that an earlier release stored."""
    realized = [_renamed(past) for past in record["truths"]]
    for past in realized:
        past["causes"] = _renamed(past["causes"]) if past["causes"] else None
    return {"correction": asdict(NO_CORRECTION), **record, "truths": realized}


def metrics(assessment: Assessment) -> dict[str, float]:
    """Return the metrics of an assessed period; non-finite ones are left out."""
    decision = assessment.decision
    values: dict[str, float] = {
        "rows": float(assessment.rows),
        "decision": float(LEVELS.index(decision.level)),
        **_bounds("expected", assessment.expected),
        **_correction(assessment.correction),
    }
    drift = assessment.drift
    if drift is not None:
        drifted = {column.feature: column.importance for column in drift.drifted}
        values["drift/columns"] = float(len(drift.drifted))
        values["drift/importance"] = sum(drifted.values())
        for column in (*drift.columns, drift.scores, drift.volume, drift.repeated):
            for measure in column.measures:
                name = f"moved/{sanitize_metric_name(column.name)}.{measure.name}"
                values[name] = measure.value
    return {name: value for name, value in values.items() if isfinite(value)}


def _correction(correction: CorrectionEvidence) -> dict[str, float]:
    """Return the metrics of a correction of the level, where there is a forecast."""
    if correction.gain is None or correction.saving is None:
        return {}
    return {
        "correction/applied": float(correction.applied),
        "correction/helps": float(correction.helps),
        **{
            f"correction/{name}{suffix}": value
            for name, part in (("gain", correction.gain), ("saving", correction.saving))
            for suffix, value in (("", part.value), ("_low", part.low), ("_high", part.high))
        },
    }


def realized_metrics(past: RealizedPerformance) -> dict[str, float]:
    """Return the metrics of a period with labels; non-finite ones are left out."""
    realized, causes = past.realized, past.causes
    values = {
        "labelled": float(realized.labelled),
        "clusters": float(realized.clusters),
        **_bounds("realized", realized.figures),
        **{f"{name}/estimate_error": error for name, error in past.errors.items()},
    }
    if realized.positives:
        values["positive_share"] = realized.positives / realized.labelled
    if causes is not None:
        values["cause/covariate_shift"] = causes.covariate_shift
        values["cause/concept_shift"] = causes.concept_shift.value
        values["cause/base_rate_shift"] = causes.base_rate_shift
    return {name: value for name, value in values.items() if isfinite(value)}


def _renamed(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {_FORMER_KEYS.get(key, key): value for key, value in fields.items()}


def _bounds(prefix: str, figures: Figures) -> dict[str, float]:
    return {
        f"{name}/{prefix}{suffix}": value
        for name, interval in figures.items()
        for suffix, value in (
            ("", interval.value),
            ("_low", interval.low),
            ("_high", interval.high),
        )
    }


def _decision(decision: Decision) -> dict[str, Any]:
    fields = asdict(decision)
    return {"fell": fields.pop("degraded"), **fields}


def _realized(past: RealizedPerformance) -> dict[str, Any]:
    realized, causes = past.realized, past.causes
    return {
        "period": realized.period,
        "rows": realized.rows,
        "labelled": realized.labelled,
        "positives": realized.positives,
        "clusters": realized.clusters,
        "unit": realized.unit,
        "fell": past.degraded,
        "realized": _figures(realized.figures),
        "expected": _figures(past.expected),
        "errors": past.errors,
        "causes": None if causes is None else asdict(causes),
        "slices": [asdict(share) for share in past.shares],
    }


def _column(column: ColumnDrift) -> dict[str, Any]:
    return {
        "name": column.name,
        "feature": column.feature,
        "kind": column.column_type,
        "importance": column.importance,
        "measures": [_measure(measure) for measure in column.measures],
        "q": column.q,
        "drifted": column.drifted,
        "trend": column.trend,
        "distance": column.distance,
        "weight": column.weight,
    }


def _measure(measure: Measure) -> dict[str, Any]:
    fields = asdict(measure)
    return {"usual": fields.pop("reference_variation"), **fields}


def _figures(figures: Mapping[str, Interval]) -> dict[str, Any]:
    return {name: asdict(interval) for name, interval in figures.items()}
