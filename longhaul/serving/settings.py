"""How a service runs: everything a worker is told when it starts."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from longhaul.errors import LonghaulError
from longhaul.serving.auth import BearerTokens

LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True)
class RequestLimits:
    """What one request may cost.

    Attributes
    ----------
    bytes : int
        Of its body.
    rows : int
        To predict.
    seconds : float
        From its first byte to the first byte of the answer.
    """

    bytes: int = 10_000_000
    rows: int = 10_000
    seconds: float = 30.0


@dataclass(frozen=True)
class ServiceSettings:
    """How a service runs.

    Attributes
    ----------
    model : str
        ``models:/…`` or ``runs:/…``; an alias or a stage is followed.
    record : Path
        The folder of the prediction record.
    host : str
    port : int
        0 is any that is free.
    workers : int
        Processes that answer.
    tokens : Tokens
        Whoever asks has to know one of them, if there are any.
    limits : Limits
    unrecorded : str
        What to do when the record cannot be written: ``refuse`` the request, or answer and
        ``count`` it.
    shadow : str
        The alias of a version that predicts the same rows beside the model; empty for none.
    watch : float
        Seconds between two looks at where the alias points.
    seal : float
        Seconds after which rows on record become Parquet.
    """

    model: str
    record: Path
    host: str = "127.0.0.1"
    port: int = 0
    workers: int = 1
    tokens: BearerTokens = field(default_factory=BearerTokens)
    limits: RequestLimits = field(default_factory=RequestLimits)
    unrecorded: Literal["refuse", "count"] = "refuse"
    shadow: str = ""
    watch: float = 5.0
    seal: float = 60.0

    def check(self) -> None:
        """Refuse to open the door to others without a lock.

        Raises
        ------
        LonghaulError
            When other machines could ask and no token is asked for.
        """
        if self.host not in LOOPBACK and not self.tokens:
            raise LonghaulError(
                f"host: {self.host} can be reached from other machines, and there is no token;"
                " give a file of tokens (tokens=…) or set LONGHAUL_TOKENS, or listen on 127.0.0.1"
            )
