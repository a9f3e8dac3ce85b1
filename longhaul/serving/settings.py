"""Settings of a service, passed to each worker when it starts."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from longhaul.errors import LonghaulError
from longhaul.serving.auth import BearerTokens

LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True)
class RequestLimits:
    """Limits of one request.

    Attributes
    ----------
    bytes : int
        Of its body.
    rows : int
        To predict.
    seconds : float
        From its first byte to the first byte of the answer.
    on_unreadable : str
        What to do with a value that is present and cannot be read: ``refuse`` the request, or take
        it for missing and ``count`` it.
    """

    bytes: int = 10_000_000
    rows: int = 10_000
    seconds: float = 30.0
    on_unreadable: Literal["refuse", "count"] = "refuse"


@dataclass(frozen=True)
class ServiceSettings:
    """Settings of a service.

    Attributes
    ----------
    model : str
        ``models:/…`` or ``runs:/…``; an alias or a stage is followed.
    record : Path
        The folder of the prediction log.
    host : str
    port : int
        0 is any that is free.
    workers : int
        Processes that answer.
    tokens : BearerTokens
        Clients have to send one of them, if there are any.
    limits : RequestLimits
    on_log_failure : str
        What to do when the prediction log cannot be written: ``refuse`` the request, or answer and
        ``count`` it.
    shadow : str
        The alias of a version that predicts the same rows beside the model; empty for none.
    poll_seconds : float
        Interval at which the registry is asked where the alias points.
    compact_seconds : float
        Age at which a write-ahead log becomes Parquet.
    ship : str
        Address that sealed files of the prediction log are copied to; empty for none. See
        `longhaul.tracking.remote_folder.open_folder`.
    keep_days : float
        Age in days at which local files go, if they are shipped; 0: they stay.
    """

    model: str
    record: Path
    host: str = "127.0.0.1"
    port: int = 0
    workers: int = 1
    tokens: BearerTokens = field(default_factory=BearerTokens)
    limits: RequestLimits = field(default_factory=RequestLimits)
    on_log_failure: Literal["refuse", "count"] = "refuse"
    shadow: str = ""
    poll_seconds: float = 5.0
    compact_seconds: float = 60.0
    ship: str = ""
    keep_days: float = 0.0

    def check(self) -> None:
        """Refuse to listen for other machines without authentication, and to lose the log.

        Raises
        ------
        LonghaulError
            When other machines can reach the service and there are no tokens, or files were to go
            that are not shipped.
        """
        if self.keep_days and not self.ship:
            raise LonghaulError(
                "keep_days: local files go when they are shipped, and ship says no address; give"
                " ship, or leave keep_days at 0"
            )
        if self.host not in LOOPBACK and not self.tokens:
            raise LonghaulError(
                f"host: {self.host} can be reached from other machines, and there is no token;"
                " give a file of tokens (tokens=…) or set LONGHAUL_TOKENS, or listen on 127.0.0.1"
            )
