"""An exit code for whoever calls a stage from a script and wants to know what was decided."""

from longhaul.errors import LonghaulError
from longhaul.monitoring.decision import LEVELS, Level

NEVER = "never"


class Alarm(LonghaulError):
    """The stage did its work, and what it found is what the caller wants to hear of."""

    code = 3
    label = "alarm"


def require_below(limit: str, level: Level, headline: str) -> str:
    """Return the headline, unless `level` is at least the one to raise the alarm at.

    Parameters
    ----------
    limit : {"never", "watch", "act"}
    level : {"ok", "watch", "act"}
    headline : str

    Raises
    ------
    Alarm
    """
    if limit != NEVER and LEVELS.index(level) >= [str(one) for one in LEVELS].index(limit):
        raise Alarm(headline)
    return headline
