"""The comparison with the champion: recalibrated, paired, over looks; equal models seldom win."""

import numpy as np
import pytest
from scipy.special import expit, logit

from longhaul.errors import LonghaulError
from longhaul.evaluation.comparison import (
    FOLDS,
    Comparison,
    compare,
    confidence_of_look,
    of_verdict,
    recalibrate,
)
from longhaul.evaluation.intervals import PairedGains
from longhaul.problem import Gate
from longhaul.tasks import binary, regression

JUNE, JULY, AUGUST = (("2020-06", "2020-06"), ("2020-07", "2020-07"), ("2020-08", "2020-08"))


class Days:
    """Days whose rows share their fate: a level, and a taste for one of two equal models.

    Parameters
    ----------
    generator : Generator
    number, rows : int
        Of days, and of the rows of a day.
    """

    def __init__(self, generator: np.random.Generator, number: int = 30, rows: int = 60):
        self.clusters = np.repeat([f"day-{place:02d}" for place in range(number)], rows)
        shape = (number, rows)
        truth = generator.normal(-1, 1, shape) + generator.normal(0, 0.5, (number, 1))
        # what either model sees beside the truth differs by day more than by row
        first, second = (
            truth + generator.normal(0, 0.8, (number, 1)) + generator.normal(0, 0.2, shape)
            for _ in range(2)
        )
        self.outcome = (generator.uniform(size=shape) < expit(truth)).ravel()
        self.first, self.second = expit(first).ravel(), expit(second).ravel()

    def compare(self, window: tuple[str, str] = JUNE) -> Comparison:
        """Compare the second model with the first."""
        return compare(binary, self.outcome, self.first, self.second, self.clusters, window)


def wins(gains: PairedGains, gate: Gate) -> bool:
    """Return whether the lower bound of a look is above zero."""
    return gains.interval(confidence_of_look(gate)).low > 0


def test_a_change_of_level_is_no_gain() -> None:
    """A candidate that differs by level and slope alone gains as predicted, but recalibrated not.

    That is what a correction of the level gives the champion as well.
    """
    days = Days(np.random.default_rng(0))
    off = expit(0.6 * logit(days.first) + 1.0)
    compared = compare(binary, days.outcome, off, days.first, days.clusters, JUNE)
    assert compared.raw.interval(0.95).low > 0.01
    assert compared.gains.interval(0.95).value == pytest.approx(0, abs=1e-4)


def test_numbers_are_compared_as_they_are() -> None:
    """Nothing is recalibrated."""
    generator = np.random.default_rng(0)
    outcome, champion, candidate = generator.normal(size=(3, 300))
    clusters = np.repeat([f"day-{place:02d}" for place in range(30)], 10)
    compared = compare(regression, outcome, champion, candidate, clusters, JUNE)
    assert compared.gains == compared.raw


def test_no_cluster_has_a_part_in_its_own_recalibration() -> None:
    """Outcomes of a fold turned round: its own probabilities stay, the others change."""
    days = Days(np.random.default_rng(1))
    before = recalibrate(days.outcome, days.first, days.clusters)
    fold = np.unique(days.clusters, return_inverse=True)[1] % FOLDS == 0
    after = recalibrate(days.outcome ^ fold, days.first, days.clusters)
    assert before[fold] == pytest.approx(after[fold])
    assert np.abs(before - after)[~fold].min() > 0


def test_a_model_that_ranks_the_wrong_way_is_not_turned_round() -> None:
    """It becomes a constant, and so loses to the one it is the mirror image of."""
    days = Days(np.random.default_rng(3))
    mirrored = recalibrate(days.outcome, 1 - days.first, days.clusters)
    assert len(np.unique(mirrored)) <= FOLDS
    gains = compare(binary, days.outcome, 1 - days.first, days.first, days.clusters, JUNE).gains
    assert gains.interval(0.95).low > 0


def test_one_class_is_left_as_it_is() -> None:
    """Nothing can be learned, and nothing breaks; nor without rows."""
    days = Days(np.random.default_rng(2), number=10, rows=5)
    none = np.zeros(50, dtype=bool)
    assert (recalibrate(none, days.first, days.clusters) == days.first).all()
    nothing = np.array([])
    assert len(recalibrate(nothing.astype(bool), nothing, nothing.astype(str))) == 0


def test_looks_share_the_error() -> None:
    """One look has all of it, three a third."""
    assert confidence_of_look(Gate(looks=1)) == pytest.approx(0.95)
    assert confidence_of_look(Gate(looks=3)) == pytest.approx(1 - 0.05 / 3)


def test_looks_through_a_verdict() -> None:
    """Gains add up through JSON; the same month twice, or another champion's, is an error."""
    june, july = (
        Days(np.random.default_rng(seed)).compare(w) for seed, w in enumerate((JUNE, JULY))
    )
    verdict = {"candidate": "a", "champion": "b", **june.to_dict()}
    restored = of_verdict(verdict, "a", "b", "here")
    assert restored == june
    assert restored is not None
    assert (restored + july).looks == 2
    with pytest.raises(LonghaulError, match="has judged 2020-07 already"):
        restored + july + july
    with pytest.raises(LonghaulError, match="compares a with b, not a with c"):
        of_verdict(verdict, "a", "c", "here")
    with pytest.raises(LonghaulError, match="no verdict with gains"):
        of_verdict({"passed": True}, "a", "c", "here")
    assert of_verdict(None, "a", "b", "") is None


@pytest.mark.parametrize(("more", "won"), [(0.1, True), (0.0, False), (-0.1, False)])
def test_a_clear_gain_wins_and_no_gain_does_not(more: float, won: bool) -> None:
    """A tenth of a nat a row, nothing, and a loss, at the second look at the latest."""
    generator = np.random.default_rng(2)
    gains = [Days(generator).compare().gains for _ in range(2)]
    assert any_look_wins(gains, 2, more=more) is won


TRIES = 300


@pytest.mark.slow
def test_equal_challengers_seldom_win() -> None:
    """Two models that are equally good, on days that share their fate: 2.5% is allowed.

    At one look, and over three looks in total; by rows, as if they were independent, far more win.
    The limit of 4% leaves room for the chance of 300 tries: 2.5% and 1.7 standard errors.
    """
    generator = np.random.default_rng(0)
    single = three = by_rows = 0
    for _ in range(TRIES):
        looks = [Days(generator) for _ in range(3)]
        gains = [days.compare().gains for days in looks]
        single += wins(gains[0], Gate(looks=1))
        three += any_look_wins(gains, looks=3)
        gain = binary.losses(looks[0].outcome, looks[0].first) - binary.losses(
            looks[0].outcome, looks[0].second
        )
        by_rows += gain.mean() > 1.96 * gain.std() / np.sqrt(len(gain))
    assert single <= 0.04 * TRIES
    assert three <= 0.04 * TRIES
    assert by_rows >= 0.08 * TRIES


def any_look_wins(gains: list[PairedGains], looks: int, more: float = 0.0) -> bool:
    """Return whether a look decides for the challenger; days of later looks are others."""
    total = PairedGains({})
    for number, part in enumerate(gains):
        pairs = part.clusters.items()
        total += PairedGains({f"{number} {k}": (r, g + more * r) for k, (r, g) in pairs})
        if wins(total, Gate(looks=looks)):
            return True
    return False


@pytest.mark.slow
def test_a_real_gain_wins() -> None:
    """Its power: .03 nats a row are seen at one look or the next, most of the time."""
    generator = np.random.default_rng(1)
    tries = [[Days(generator).compare().gains for _ in range(3)] for _ in range(60)]
    assert sum(any_look_wins(gains, 3, more=0.03) for gains in tries) >= 0.8 * len(tries)
