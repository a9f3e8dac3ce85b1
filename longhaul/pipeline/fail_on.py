"""Exit with a code of its own when monitoring decides on a level that the caller asked about."""

from longhaul.errors import LonghaulError
from longhaul.monitoring.decision import LEVELS, Level

NEVER = "never"


class LevelReached(LonghaulError):
    """The step did its work, and decided on the level that `fail_on` names, or a higher one."""

    code = 3
    label = "alarm"


def require_below(fail_on: str, level: Level, headline: str) -> str:
    """Return the headline, unless `level` is the one to fail on or a higher one.

    Parameters
    ----------
    fail_on : {"never", "watch", "act"}
    level : {"ok", "watch", "act"}
    headline : str

    Raises
    ------
    LevelReached
    """
    if fail_on != NEVER and LEVELS.index(level) >= [*map(str, LEVELS)].index(fail_on):
        raise LevelReached(headline)
    return headline
