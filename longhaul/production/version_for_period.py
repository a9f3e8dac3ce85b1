"""Choice of the version that counts for a period: one that has not seen it."""

from longhaul.errors import LonghaulError
from longhaul.production.history import ProductionHistory
from longhaul.registry import promotion, versions
from longhaul.tracking.tags import LAST_PERIOD_SEEN


def version_for_period(name: str, period: str) -> str:
    """Return the version that counts for a period: its predictions are monitored.

    It is the champion, unless it was fitted or judged on the period: then it is the version that
    predicted the period when it was monitored.

    Parameters
    ----------
    name : str
        The registered model.
    period : str

    Raises
    ------
    LonghaulError
        When there is no champion, or it has seen the period and no other version predicted it.
    """
    champion = promotion.champion(name)
    if champion is None:
        raise LonghaulError(f"model {name!r}: no version is champion; promote one")
    last_seen = versions.version(name, champion).tags.get(LAST_PERIOD_SEEN, "")
    history = ProductionHistory.load(name)
    if last_seen < period and champion not in _trained_later(history, period):
        return champion
    if period not in history.periods:
        raise LonghaulError(
            f"period {period}: version {champion} of {name} has seen data up to {last_seen}, so its"
            " figures there would be no evidence; name a later period"
        )
    return history.periods[period].version


def _trained_later(history: ProductionHistory, period: str) -> set[str]:
    """Return the versions that took over because of a period, or of a later one."""
    recorded = [*history.retrainings.items(), *history.looks.items()]
    outcomes = (outcome for label, outcome in recorded if label >= period)
    return {str(outcome["promoted"]) for outcome in outcomes if outcome["promoted"]}
