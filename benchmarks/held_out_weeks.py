"""False alarms in real weeks held out of the flights year, and detection among shuffled ones.

``python -m benchmarks.held_out_weeks [trials]`` prints, with 3, 5 and 12 weeks in the reference,

- how many of so many weeks, drawn at random from the year with their references, are said to have
  drifted: seasons, holidays and storms are then as likely in the reference as after it;
- how many of the weeks that follow the weeks of their reference directly are;
- how many of the 20 weeks that follow the first weeks of the year are: winter is held against
  summer there, and more than a few alarms are no false ones;
- how often a shift of one number by half a standard deviation is told, where rows are shuffled
  among weeks, so that nothing but chance differs between them.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.flights import PROBLEM, flights_table
from longhaul import problem_yaml
from longhaul.data import periods
from longhaul.estimators.sample import Sample
from longhaul.features.encoder import Encoder
from longhaul.monitoring import reference as references
from longhaul.monitoring.drift import compare
from longhaul.monitoring.period_counts import PeriodCounts, sketch_frame
from longhaul.monitoring.reference import Reference
from longhaul.problem import Target

TRIALS = 20
SIZES = (3, 5, 12)
BINS, RATE = 50, 0.05
LEAST_ROWS = 5000  # of a week: the first and the last of the year are cut off
NUMBERS = ("temp", "dewp", "humid", "pressure", "distance", "scheduled_hour")

Split = tuple[list[str], str]  # the weeks of a reference, and the one held against it


@dataclass(frozen=True)
class Weeks:
    """Flights by the label of their week."""

    frame: pd.DataFrame
    week: np.ndarray

    @property
    def labels(self) -> list[str]:
        """Return the weeks with enough rows, in order of time."""
        labels, counts = np.unique(self.week, return_counts=True)
        return [str(label) for label in labels[counts >= LEAST_ROWS]]

    def of(self, *labels: str) -> np.ndarray:
        """Return which rows are of some weeks."""
        return np.isin(self.week, labels)

    def shuffled(self, seed: int) -> "Weeks":
        """Return the same weeks with rows dealt out at random."""
        return Weeks(self.frame, np.random.default_rng(seed).permutation(self.week))


def main() -> None:
    """Print all counts."""
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else TRIALS
    weeks = _weeks()
    for size in SIZES:
        print(f"{size} weeks in the reference")
        for name, splits in (
            ("drawn at random", _random(weeks.labels, size, trials)),
            ("the next week", _next(weeks.labels, size, trials)),
            ("the first weeks, and 20 after", _following(weeks.labels, size)),
        ):
            print(f"  {name:<32}{_alarms(weeks, splits)}", flush=True)
        print(f"  {'half a standard deviation':<32}{_detected(weeks, size)}", flush=True)


def _weeks() -> Weeks:
    problem, frame = problem_yaml.load(PROBLEM), flights_table()
    week = periods.labels(frame["scheduled_departure"], "week").to_numpy(dtype=str)
    return Weeks(frame[problem.features(frame.columns)], week)


def _random(labels: Sequence[str], size: int, trials: int) -> Iterator[Split]:
    generator = np.random.default_rng(size)
    for _ in range(trials):
        drawn = generator.permutation(np.asarray(labels))[: size + 1].tolist()
        yield sorted(drawn[:-1]), drawn[-1]


def _next(labels: Sequence[str], size: int, trials: int) -> Iterator[Split]:
    for start in np.linspace(0, len(labels) - size - 1, trials).astype(int):
        yield list(labels[start : start + size]), labels[start + size]


def _following(labels: Sequence[str], size: int) -> Iterator[Split]:
    for label in labels[size : size + 20]:
        yield list(labels[:size]), label


def _alarms(weeks: Weeks, splits: Iterable[Split]) -> str:
    """Count the held-out weeks with an alarm, and what raised it."""
    alarms, causes, total = 0, Counter[str](), 0
    for before, label in splits:
        told = _drifted(weeks, before, weeks.frame[weeks.of(label)], label)
        alarms, total = alarms + bool(told), total + 1
        causes.update(f"{cause} in {label}" for cause in told)
    return f"{alarms} of {total}  {', '.join(list(causes)[:6])}"


def _detected(weeks: Weeks, size: int) -> str:
    """Count the shifts of shuffled weeks that are told."""
    dealt = weeks.shuffled(size)
    (before, label), rows = next(_next(dealt.labels, size, 1)), []
    after = dealt.frame[dealt.of(label)]
    for name in NUMBERS:
        shifted = after.assign(**{name: after[name] + after[name].std() / 2})
        rows.append(any(name in cause for cause in _drifted(dealt, before, shifted, label)))
    same = _drifted(dealt, before, after, label)
    return f"{sum(rows)} of {len(rows)} told; without a shift {len(same)}"


def _drifted(weeks: Weeks, before: list[str], after: pd.DataFrame, label: str) -> list[str]:
    """Return what is said to have drifted, with its most telling measure."""
    encoder, reference = _reference(weeks, before)
    sketch = sketch_frame(after, encoder.transform(after), encoder, reference.bins)
    drift = compare(reference, PeriodCounts.of(sketch), reference.score_histogram, RATE, label)
    columns = (*drift.columns, drift.volume, drift.repeated)
    return [f"{column.name}.{column.cause.name}" for column in columns if column.drifted]


def _reference(weeks: Weeks, labels: list[str]) -> tuple[Encoder, Reference]:
    """Return a reference of columns; its predictions are made up and never compared."""
    rows = weeks.of(*labels)
    frame = weeks.frame[rows]
    encoder = Encoder.fit(frame, list(frame.columns))
    outcome = np.arange(len(frame)) % 4 == 0
    probability = np.where(outcome, 0.4, 0.2)
    sample = Sample(encoder.transform(frame), outcome)
    return encoder, Reference(
        **references.fit(frame, sample, weeks.week[rows], encoder, BINS),
        **references.fit_scores(
            Target("late"),
            outcome,
            {"probability": probability, "decision": outcome},
            BINS,
            weeks.week[rows],
        ),
        importance=dict.fromkeys(frame.columns, 1 / frame.shape[1]),
    )


if __name__ == "__main__":
    main()
