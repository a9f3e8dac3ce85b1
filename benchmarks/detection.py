"""False alarms and detection: drift of known kind and size in resampled reference periods.

``python -m benchmarks.detection [trials]`` prints, for a champion of the flights, how often a
period without drift is said to have drifted, and for each kind and size of injected drift the
share of trials in which the first period tells it, and after how many periods it is told.

Two worlds: in the first, the periods of the reference and the new ones are drawn from January to
May together, from rows that the model has not seen, so that nothing but chance differs between
them. In the second, each new period is a real month, held against a reference of the other months,
seasons and all.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from longhaul import problem_yaml
from longhaul.data import flights, periods
from longhaul.data.labels import outcomes
from longhaul.evaluation.intervals import Interval
from longhaul.monitoring.assessment import Monitor
from longhaul.monitoring.batches import align
from longhaul.monitoring.drift import Drift, compare
from longhaul.monitoring.observation import Observation, observe
from longhaul.monitoring.period_counts import PeriodCounts, sketch_matrix
from longhaul.monitoring.reference import Reference
from longhaul.problem import Problem
from longhaul.tasks.metrics import measure
from longhaul.training import candidate
from longhaul.training.candidate import Candidate

TRIALS = 60
PERIODS = 5
ROWS = 25_000
MOST_PERIODS = 4  # how long detection is waited for
LABEL = "2013-06"
SETTINGS = {"learning_rate": 0.3, "patience": 10}  # few trees: it is monitoring that is measured
PROBLEM = Path(__file__).resolve().parents[1] / "problems" / "flights.yaml"

Tell = Callable[["World", pd.DataFrame, Reference], bool]
Inject = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]


@dataclass(frozen=True)
class World:
    """Rows to draw periods from, and a model that has not seen them."""

    problem: Problem
    fitted: Candidate
    rows: pd.DataFrame
    auc: float

    def reference(self, seed: int) -> Reference:
        """The model's, with periods drawn anew."""
        generator = np.random.default_rng([seed, 0])
        known = Reference.from_dict(self.fitted.package.reference)
        encoder = self.fitted.package.predictor.encoder
        periods = {}
        for place in range(PERIODS):
            matrix = encoder.transform(self.draw(generator))
            periods[f"2013-{place + 1:02d}"] = PeriodCounts.of(sketch_matrix(matrix, known.bins))
        return replace(known, periods=periods)

    def draw(self, generator: np.random.Generator) -> pd.DataFrame:
        """A period's rows, with replacement."""
        return self.rows.iloc[generator.integers(len(self.rows), size=ROWS)]

    def see(self, frame: pd.DataFrame, reference: Reference) -> Observation:
        """A period with its outcomes."""
        predictor = self.fitted.package.predictor
        probability = predictor.scores(frame)
        outcome = outcomes(frame, self.problem.target)
        batch = align(
            frame,
            predictor.columns(probability),
            outcome.astype(float),
            self.problem,
            np.arange(len(frame)),
        )
        seen = observe([batch], predictor.encoder, reference, self.problem)
        if seen is None:
            raise ValueError("no rows were drawn")
        return seen


def main() -> None:
    """Print both tables."""
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else TRIALS
    world = _flights()
    top = _important(world)
    print(f"{trials} trials each; periods of {ROWS:,} rows, {PERIODS} in the reference")
    print(f"the five most important features that are numbers: {', '.join(top)}\n")
    print("drawn from January to May together")
    references = [world.reference(seed) for seed in range(trials)]
    alarms = [
        _alarm(world, world.draw(np.random.default_rng([seed, 1, place])), reference)
        for seed, reference in enumerate(references)
        for place in range(MOST_PERIODS)
    ]
    print(f"  false alarms: {np.mean(alarms):.1%} of {len(alarms)} periods\n")
    print(f"  {'injected':<36}{'told by':<14}{'first period':>13}{'mean delay':>12}")
    for name, inject, tell in _injections(world, top):
        found = [
            _delay(world, inject, tell, np.random.default_rng([seed, 2]), reference)
            for seed, reference in enumerate(references)
        ]
        known = [one for one in found if one is not None]
        mean = f"{np.mean(known):.2f}" if known else "never"
        first = _share([one == 0 for one in found])
        print(f"  {name:<36}{tell.__name__[1:]:<14}{first:>13}{mean:>12}", flush=True)
    print("\neach real month against the others, no drift injected")
    for label, drift in _months(world):
        moved = ", ".join(one.name for one in drift.drifted)
        print(f"  {label}: {'alarm: ' + moved if moved else 'silent'}")


def _flights() -> World:
    """A model of three fifths of the rows of January to May, and the other two to draw from."""
    problem = problem_yaml.load(PROBLEM)
    frame = flights.read()
    month = periods.of(frame, problem)
    known = frame[month <= "2013-05"].sample(frac=1, random_state=0)
    one, two = 2 * len(known) // 5, 3 * len(known) // 5
    train, valid, rows = known.iloc[:one], known.iloc[one:two], known.iloc[two:]
    fitted = candidate.fit(problem, train, valid, "lightgbm", SETTINGS, 0, 0)
    probability = fitted.package.predictor.scores(rows)
    auc = measure(outcomes(rows, problem.target), probability)["auc"]
    return World(problem, fitted, rows, auc)


def _important(world: World) -> list[str]:
    shares = Reference.from_dict(world.fitted.package.reference).importance
    numbers = [name for name in shares if pd.api.types.is_float_dtype(world.rows[name])]
    return sorted(numbers, key=lambda name: -shares[name])[:5]


def _injections(world: World, top: list[str]) -> Iterator[tuple[str, Inject, Tell]]:
    """Every kind and size of drift, and which rule is to tell it."""
    for name in top:
        for size in (0.1, 0.25, 0.5):
            yield f"{name} up by {size} sd", _shift(name, size), _alarm
    for name in top:
        for share in (0.01, 0.05, 0.1):
            yield f"{name} missing in {share:.0%} more", _break(name, share), _alarm
    for share in (0.1, 0.25, 0.5):
        yield f"carrier swapped in {share:.0%}", _swap("carrier", share), _alarm
    for share in (0.02, 0.05, 0.1):
        yield f"carrier never seen in {share:.0%}", _rename("carrier", share), _alarm
    target = world.problem.target.column
    for times in (1.5, 2.0, 3.0):
        yield f"late rows {times} times as frequent", _outweigh(target, times), _alarm
    for share in (0.1, 0.3, 0.5):
        yield f"outcome unrelated in {share:.0%}", _unrelate(target, share), _performance


def _shift(name: str, size: float) -> Inject:
    return lambda frame, _: frame.assign(**{name: frame[name] + size * frame[name].std()})


def _break(name: str, share: float) -> Inject:
    return lambda frame, generator: frame.assign(
        **{name: frame[name].mask(generator.uniform(size=len(frame)) < share)}
    )


def _swap(name: str, share: float) -> Inject:
    """Give some rows the level of another row that is among the two rarest thirds."""

    def inject(frame: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
        levels = frame[name].value_counts().index[len(frame[name].unique()) // 3 :]
        other = generator.choice(levels.to_numpy(dtype=object), len(frame))
        chosen = generator.uniform(size=len(frame)) < share
        return frame.assign(**{name: frame[name].mask(chosen, pd.Series(other, frame.index))})

    return inject


def _rename(name: str, share: float) -> Inject:
    return lambda frame, generator: frame.assign(
        **{name: frame[name].mask(generator.uniform(size=len(frame)) < share, "never seen")}
    )


def _outweigh(target: str, times: float) -> Inject:
    """Draw positive rows more often: a label shift, which moves their features along."""

    def inject(frame: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
        weight = np.where(frame[target].to_numpy(dtype=bool), times, 1.0)
        drawn = generator.choice(len(frame), len(frame), p=weight / weight.sum())
        return frame.iloc[drawn]

    return inject


def _unrelate(target: str, share: float) -> Inject:
    """Shuffle some outcomes: a concept shift, with features and base rate unchanged."""

    def inject(frame: pd.DataFrame, generator: np.random.Generator) -> pd.DataFrame:
        values = frame[target].to_numpy(copy=True)
        chosen = np.flatnonzero(generator.uniform(size=len(frame)) < share)
        values[chosen] = values[generator.permutation(chosen)]
        return frame.assign(**{target: values})

    return inject


def _delay(
    world: World,
    inject: Inject,
    tell: Tell,
    generator: np.random.Generator,
    reference: Reference,
) -> int | None:
    """Periods until drift that stays is told; None where it is not."""
    for place in range(MOST_PERIODS):
        if tell(world, inject(world.draw(generator), generator), reference):
            return place
    return None


def _alarm(world: World, frame: pd.DataFrame, reference: Reference) -> bool:
    """Whether anything about the data is said to have moved."""
    drift = _drift(world, frame, reference)
    whole = (drift.scores, drift.volume, drift.repeated)
    return bool(drift.drifted) or any(one.drifted for one in whole)


def _performance(world: World, frame: pd.DataFrame, reference: Reference) -> bool:
    """Return whether the performance is degraded."""
    seen = world.see(frame, reference)
    baseline = {"auc": Interval(world.auc, float("nan"), float("nan"))}
    monitor = Monitor(reference, world.problem, baseline)
    return monitor.realized(LABEL, seen).degraded is True


def _drift(world: World, frame: pd.DataFrame, reference: Reference) -> Drift:
    seen = world.see(frame, reference)
    rate = world.problem.monitoring.false_discovery
    return compare(reference, seen.counts, seen.score_histogram, rate)


def _months(world: World) -> Iterator[tuple[str, Drift]]:
    """Each month of the reference, held against all the others."""
    known = Reference.from_dict(world.fitted.package.reference)
    frame = flights.read()
    month = periods.of(frame, world.problem)
    for label in known.periods:
        others = {one: counted for one, counted in known.periods.items() if one != label}
        yield label, _drift(world, frame[month == label], replace(known, periods=others))


def _share(found: list[bool]) -> str:
    return f"{np.mean(found):.0%}"


if __name__ == "__main__":
    main()
