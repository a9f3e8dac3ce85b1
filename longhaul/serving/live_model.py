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

    model_uri: ModelUri
    reason: str
    times: int
    again: float


class LiveModel:
    """Whatever a URI points at, looked up now and then and swapped between requests.

    Parameters
    ----------
    uri : str
        ``models:/…`` or ``runs:/…``.
    cache_dir : Path
        Where copies of models stay while the service runs. A worker that starts while the URI
        points at a version that was refused, or while the registry cannot be reached, takes the
        last one that was put in service.
    metrics : Meters

    Raises
    ------
    LonghaulError
        When there is no model that can be served.
    """

    def __init__(self, uri: str, cache_dir: Path, metrics: ServiceMetrics):
        self.uri, self.cache_dir, self.metrics = uri, cache_dir, metrics
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
            model_uri = resolve_model(self.uri)
        except Exception as error:  # the store of the registry may fail in any way
            self._lose(error)
            return
        self.lost = ""
        if model_uri == self.model.model_uri:
            self.refused = None
        elif not self._tried(model_uri):
            self._try(model_uri)

    def _follow(self, seconds: float) -> None:
        while not self._end.wait(seconds):
            self.look()

    def _first(self) -> LoadedModel:
        """What the URI points at, or the last that was in service."""
        try:
            return loaded_model.load(resolve_model(self.uri), self.cache_dir)
        except Exception as error:
            with contextlib.suppress(OSError, LonghaulError, ValueError):
                last = ModelUri(*self._last.read_text(encoding="utf-8").split("\n"))
                found = loaded_model.load(last, self.cache_dir)
                event_log.warning("fell back", version=last.version, reason=_reason(error))
                return found
            raise

    def _try(self, model_uri: ModelUri) -> None:
        before = self.served
        try:
            found = loaded_model.load(model_uri, self.cache_dir)
            if found.problem.target != before.problem.target:
                raise LonghaulError(
                    f"{model_uri.uri}: it predicts {found.problem.target.column}, not"
                    f" {before.problem.target.column}"
                )
        except Exception as error:  # whatever is wrong with it, the one in service stays
            self._refuse(model_uri, error)
            return
        self.refused = None
        self._serve(found)
        self.metrics.version.labels(before.model_uri.name, before.model_uri.version).set(0)
        self.metrics.swaps.inc()
        event_log.info("swapped", model=model_uri.uri, before=before.model_uri.uri)

    def _serve(self, found: LoadedModel) -> None:
        """From here on, requests are answered by this model."""
        self.served = found
        one = found.model_uri
        self.metrics.version.labels(one.name, one.version).set(1)
        draft = self._last.with_suffix(f".{threading.get_native_id()}")
        draft.write_text("\n".join([one.name, one.version, one.uri]), encoding="utf-8")
        draft.replace(self._last)

    def _refuse(self, model_uri: ModelUri, error: Exception) -> None:
        times = 1
        if self.refused and self.refused.model_uri == model_uri:
            times = self.refused.times + 1
        wait = min(2.0**times, _LONGEST)
        self.refused = RejectedVersion(model_uri, _reason(error), times, time.monotonic() + wait)
        if times == 1:
            self.metrics.refused.inc()
            event_log.warning("refused", model=model_uri.uri, reason=self.refused.reason)

    def _tried(self, model_uri: ModelUri) -> bool:
        """Whether it was refused a moment ago."""
        refused = self.refused
        return bool(refused and refused.model_uri == model_uri and time.monotonic() < refused.again)

    def _lose(self, error: Exception) -> None:
        if not self.lost:
            event_log.warning("registry lost", model=self.uri, reason=_reason(error))
        self.lost = _reason(error)

    @property
    def _last(self) -> Path:
        return self.cache_dir / "last"


def _reason(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0]
