"""Which version is in charge of a period: one that has seen nothing of it."""

from longhaul.errors import LonghaulError
from longhaul.production.history import ProductionHistory
from longhaul.registry import promotion, versions
from longhaul.tracking.tags import LAST_PERIOD_SEEN


def version_for_period(name: str, period: str) -> str:
    """The version whose predictions of a period count.

    The champion, unless it was fitted on the period or judged by it: then the version that was
    in charge when the period was monitored.

    Parameters
    ----------
    name : str
        The registered model.
    period : str

    Raises
    ------
    LonghaulError
        When there is no champion, or it has seen the period and no other was ever in charge of it.
    """
    champion = promotion.champion(name)
    if champion is None:
        raise LonghaulError(f"model {name!r}: no version is champion; promote one")
    seen, life = versions.version(name, champion).tags.get(LAST_PERIOD_SEEN, ""), ProductionHistory.read(name)
    if seen < period and champion not in _later(life, period):
        return champion
    if period not in life.periods:
        raise LonghaulError(
            f"period {period}: version {champion} of {name} has seen data up to {seen}, so its"
            " figures there would be no evidence; name a later period"
        )
    return life.periods[period].version


def _later(life: ProductionHistory, period: str) -> set[str]:
    """The versions that were trained because of a period, or of one after it."""
    found = (one for label, one in life.retrainings.items() if label >= period)
    return {str(one["promoted"]) for one in found if one["promoted"]}
