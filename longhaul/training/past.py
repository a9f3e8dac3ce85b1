"""Training as of a past period, with the rows known when it ended."""

import time
from collections.abc import Mapping

from longhaul.backtest.models import TrainedModel
from longhaul.data import periods, windows
from longhaul.data.table import PeriodTable
from longhaul.training import candidate


def train_as_of(
    table: PeriodTable,
    newest: str,
    gated: bool,
    window: str,
    family: str,
    settings: Mapping[str, float],
    seed: int,
) -> TrainedModel:
    """Train on the periods up to the newest one, as a backtest of a policy does.

    Parameters
    ----------
    table : PeriodTable
    newest : str
        The newest period with labels.
    gated : bool
        Whether the newest period is kept for judging the model.
    window : {"expanding", "sliding"}
    family : str
    settings : mapping of str to float
    seed : int
    """
    began = time.perf_counter()
    past = [label for label in table.periods if label <= newest]
    test = newest if gated else periods.shift(newest, 1)
    problem = windows.until(table.problem, sorted({*past, test}), test, window)
    train, valid = (
        table.read(periods.select(past, bounds, "train"))
        for bounds in (problem.windows.train, problem.windows.valid)
    )
    fitted = candidate.fit(problem, train, valid, family, settings, seed, 0)
    return TrainedModel(fitted.package, time.perf_counter() - began)
