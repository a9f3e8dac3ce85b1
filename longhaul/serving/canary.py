"""Canary in service: the requests that it answers, and how well it does beside the champion."""

import hashlib
from collections import deque
from collections.abc import Callable
from pathlib import Path
from statistics import median

from longhaul.errors import LonghaulError
from longhaul.problem import Rollout
from longhaul.production.announcements import announced_moves
from longhaul.registry import canary as registry
from longhaul.registry.canary import Canary
from longhaul.registry.legacy_stages import CHAMPION
from longhaul.registry.model_uri import parse, resolve_model, version_uri
from longhaul.serving import event_log, loaded_model
from longhaul.serving.loaded_model import LoadedModel

_KEPT = 1000  # times of the newest requests
_QUICK_SECONDS = 0.02  # nobody waits for less, however many times the champion's it is


class LiveCanary:
    """Version that answers a share of the requests.

    Parameters
    ----------
    model : LoadedModel
    share : float
        Of the requests.
    """

    def __init__(self, model: LoadedModel, share: float):
        self.model, self.share = model, share
        self.requests = self.failures = 0
        self._seconds: deque[float] = deque(maxlen=_KEPT)
        self._champion_seconds: deque[float] = deque(maxlen=_KEPT)

    def answers(self, key: str) -> bool:
        """Return whether it answers requests of a key; with a larger share it still does.

        Parameters
        ----------
        key : str
            Of the first row, or the id of the request.
        """
        named = f"{self.model.model_uri.version} {key}".encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(named, digest_size=8).digest()
        return int.from_bytes(digest, "big") < self.share * 2**64

    def count(self, seconds: float) -> None:
        """Count a request that it answered."""
        self.requests += 1
        self._seconds.append(seconds)

    def count_failure(self) -> None:
        """Count a request that it could not answer, and the champion did."""
        self.requests += 1
        self.failures += 1

    def count_champion(self, seconds: float) -> None:
        """Count a request that the champion answered beside it."""
        self._champion_seconds.append(seconds)

    def breach(self, rollout: Rollout) -> str:
        """Say which limit it breaks; empty where it keeps all, or it is too early to tell."""
        if self.requests < rollout.min_requests:
            return ""
        if self.failures > rollout.max_failures * self.requests:
            return (
                f"it failed to answer {self.failures:,} of {self.requests:,} requests, more than"
                f" rollout.max_failures = {rollout.max_failures:.1%}"
            )
        if min(len(self._seconds), len(self._champion_seconds)) < rollout.min_requests:
            return ""
        slow, fast = median(self._seconds), median(self._champion_seconds)
        if slow > max(rollout.max_slowdown * fast, _QUICK_SECONDS):
            return (
                f"it takes {slow * 1000:.1f} ms for a request and the champion"
                f" {fast * 1000:.1f} ms, more than rollout.max_slowdown ="
                f" {rollout.max_slowdown:g} times"
            )
        return ""


class CanaryFollower:
    """Canary of a registered model, followed in the registry, and taken back where it fails.

    Parameters
    ----------
    uri : str
        That the service follows; only beside the champion there is a canary.
    cache_dir : Path
        Where downloaded models stay.
    """

    def __init__(self, uri: str, cache_dir: Path):
        registered = parse(uri)
        is_champion = registered is not None and registered.alias == CHAMPION
        self._name = registered.name if registered and is_champion else ""
        self._cache_dir = cache_dir
        self.current: LiveCanary | None = None
        self.error = ""  # the reason while the canary cannot be followed, else empty

    def follow(
        self, champion: LoadedModel, corrected: Callable[[LoadedModel], LoadedModel]
    ) -> None:
        """Put the canary in service with its share, or take it back.

        Nothing that goes wrong with it touches the champion, who answers in its place.

        Parameters
        ----------
        champion : LoadedModel
        corrected : callable
            Returns a model with the correction of its version.
        """
        if not self._name:
            return
        try:
            self._follow(registry.current(self._name), champion, corrected)
            self._judge()
        except Exception as error:  # the store of the registry may fail in any way
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            if not self.error:
                event_log.warning("canary not followed", reason=reason)
            self.error = reason
        else:
            self.error = ""

    def _follow(
        self,
        stored: Canary | None,
        champion: LoadedModel,
        corrected: Callable[[LoadedModel], LoadedModel],
    ) -> None:
        live = self.current
        if stored is None or stored.version == champion.model_uri.version:
            if live is not None:
                event_log.info("canary ended", model=live.model.model_uri.uri)
            self.current = None
        elif live is None or live.model.model_uri.version != stored.version:
            self._begin(stored, champion, corrected)
        else:
            live.model, live.share = corrected(live.model), stored.share

    def _begin(
        self,
        stored: Canary,
        champion: LoadedModel,
        corrected: Callable[[LoadedModel], LoadedModel],
    ) -> None:
        uri = resolve_model(version_uri(self._name, stored.version))
        try:
            model = corrected(loaded_model.load(uri, self._cache_dir))
            if model.problem.target != champion.problem.target:
                raise LonghaulError(
                    f"it predicts {model.problem.target.column}, not"
                    f" {champion.problem.target.column}"
                )
        except LonghaulError as error:
            self._take_back(stored.version, f"it cannot be served: {error}")
            return
        self.current = LiveCanary(model, stored.share)
        event_log.info("canary", model=uri.uri, share=stored.share)

    def _judge(self) -> None:
        """Take the canary back where it breaks a limit of its problem's rollout."""
        live = self.current
        if live is not None and (breach := live.breach(live.model.problem.rollout)):
            self._take_back(live.model.model_uri.version, breach)

    def _take_back(self, version: str, reason: str) -> None:
        self.current = None
        with announced_moves(self._name):
            registry.end(self._name, version, reason.splitlines()[0], "")
        event_log.warning("canary taken back", version=version, reason=reason)
