"""The model in service, and the one that is to follow it."""

import contextlib
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from longhaul.errors import LonghaulError
from longhaul.registry.model_uri import ModelUri, resolve_model
from longhaul.serving import event_log, loaded_model
from longhaul.serving.loaded_model import LoadedModel
from longhaul.serving.metrics import ServiceMetrics

_LONGEST = 300.0  # seconds until a version that was refused is tried again


@dataclass(frozen=True)
class RejectedVersion:
    """A version that was not put in service, and why."""

    identity: ModelUri
    reason: str
    times: int
    again: float


class LiveModel:
    """Whatever a URI points at, looked up now and then and swapped between requests.

    Parameters
    ----------
    uri : str
        ``models:/…`` or ``runs:/…``.
    shelf : Path
        Where copies of models stay while the service runs. A worker that starts while the URI
        points at a version that was refused, or while the registry cannot be reached, takes the
        last one that was put in service.
    meters : Meters

    Raises
    ------
    LonghaulError
        When there is no model that can be served.
    """

    def __init__(self, uri: str, shelf: Path, meters: ServiceMetrics):
        self.uri, self.shelf, self.meters = uri, shelf, meters
        self.refused: RejectedVersion | None = None
        self.lost = ""  # why the registry could not be asked
        self._end = threading.Event()
        self.served = self._first()
        self._serve(self.served)

    def follow(self, seconds: float) -> threading.Thread:
        """Look every so many seconds, in a thread of its own, until `close`."""
        thread = threading.Thread(target=self._follow, args=(seconds,), daemon=True)
        thread.start()
        return thread

    def close(self) -> None:
        """Look no more."""
        self._end.set()

    def look(self) -> None:
        """Put in service what the URI points at, if it is another model and a sound one."""
        try:
            identity = resolve_model(self.uri)
        except Exception as error:  # the store of the registry may fail in any way
            self._lose(error)
            return
        self.lost = ""
        if identity == self.served.identity:
            self.refused = None
        elif not self._tried(identity):
            self._try(identity)

    def _follow(self, seconds: float) -> None:
        while not self._end.wait(seconds):
            self.look()

    def _first(self) -> LoadedModel:
        """What the URI points at, or the last that was in service."""
        try:
            return loaded_model.load(resolve_model(self.uri), self.shelf)
        except Exception as error:
            with contextlib.suppress(OSError, LonghaulError, ValueError):
                last = ModelUri(*self._last.read_text(encoding="utf-8").split("\n"))
                found = loaded_model.load(last, self.shelf)
                event_log.warning("fell back", version=last.version, reason=_reason(error))
                return found
            raise

    def _try(self, identity: ModelUri) -> None:
        before = self.served
        try:
            found = loaded_model.load(identity, self.shelf)
            if found.problem.target != before.problem.target:
                raise LonghaulError(
                    f"{identity.uri}: it predicts {found.problem.target.column}, not"
                    f" {before.problem.target.column}"
                )
        except Exception as error:  # whatever is wrong with it, the one in service stays
            self._refuse(identity, error)
            return
        self.refused = None
        self._serve(found)
        self.meters.version.labels(before.identity.name, before.identity.version).set(0)
        self.meters.swaps.inc()
        event_log.info("swapped", model=identity.uri, before=before.identity.uri)

    def _serve(self, found: LoadedModel) -> None:
        """From here on, requests are answered by this model."""
        self.served = found
        one = found.identity
        self.meters.version.labels(one.name, one.version).set(1)
        draft = self._last.with_suffix(f".{threading.get_native_id()}")
        draft.write_text("\n".join([one.name, one.version, one.uri]), encoding="utf-8")
        draft.replace(self._last)

    def _refuse(self, identity: ModelUri, error: Exception) -> None:
        times = 1
        if self.refused and self.refused.identity == identity:
            times = self.refused.times + 1
        wait = min(2.0**times, _LONGEST)
        self.refused = RejectedVersion(identity, _reason(error), times, time.monotonic() + wait)
        if times == 1:
            self.meters.refused.inc()
            event_log.warning("refused", model=identity.uri, reason=self.refused.reason)

    def _tried(self, identity: ModelUri) -> bool:
        """Whether it was refused a moment ago."""
        refused = self.refused
        return bool(refused and refused.identity == identity and time.monotonic() < refused.again)

    def _lose(self, error: Exception) -> None:
        if not self.lost:
            event_log.warning("registry lost", model=self.uri, reason=_reason(error))
        self.lost = _reason(error)

    @property
    def _last(self) -> Path:
        return self.shelf / "last"


def _reason(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0]
