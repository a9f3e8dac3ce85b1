"""Live model: the model in service, replaced when its alias moves (hot reload)."""

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

_MAX_RETRY_SECONDS = 300.0  # until a rejected version is tried again


@dataclass(frozen=True)
class RejectedVersion:
    """Version that was not put in service, with the reason.

    Attributes
    ----------
    model_uri : ModelUri
    reason : str
    attempts : int
        How often it was tried.
    retry_at : float
        When to try it again, on the monotonic clock.
    """

    model_uri: ModelUri
    reason: str
    attempts: int
    retry_at: float


class LiveModel:
    """Model that a URI points at, polled in the registry and replaced between requests.

    Parameters
    ----------
    uri : str
        ``models:/…`` or ``runs:/…``.
    cache_dir : Path
        Where downloaded models stay while the service runs. A worker that starts while the URI
        points at a rejected version, or while the registry cannot be reached, takes the last one
        that was put in service.
    metrics : ServiceMetrics

    Raises
    ------
    LonghaulError
        When there is no model that can be served.
    """

    def __init__(self, uri: str, cache_dir: Path, metrics: ServiceMetrics):
        self.uri, self.cache_dir, self.metrics = uri, cache_dir, metrics
        self.rejected: RejectedVersion | None = None
        self.registry_error = ""  # the reason while the registry cannot be read, else empty
        self._end = threading.Event()
        self.current = self._load_initial()
        self._serve(self.current)

    def start_polling(self, seconds: float) -> threading.Thread:
        """Call `refresh` at an interval, in a thread of its own, until `close`."""
        thread = threading.Thread(target=self._poll, args=(seconds,), daemon=True)
        thread.start()
        return thread

    def close(self) -> None:
        """Stop polling."""
        self._end.set()

    def refresh(self) -> None:
        """Put the model that the URI points at in service, if it is new and passes its check."""
        try:
            model_uri = resolve_model(self.uri)
        except Exception as error:  # the store of the registry may fail in any way
            self._note_registry_error(error)
            return
        self.registry_error = ""
        if model_uri == self.current.model_uri:
            self.rejected = None
        elif not self._recently_rejected(model_uri):
            self._replace(model_uri)

    def _poll(self, seconds: float) -> None:
        while not self._end.wait(seconds):
            self.refresh()

    def _load_initial(self) -> LoadedModel:
        """Load the model that the URI points at, or else the last that was in service."""
        try:
            return loaded_model.load(resolve_model(self.uri), self.cache_dir)
        except Exception as error:
            with contextlib.suppress(OSError, LonghaulError, ValueError):
                last = ModelUri(*self._last.read_text(encoding="utf-8").split("\n"))
                model = loaded_model.load(last, self.cache_dir)
                event_log.warning("fell back", version=last.version, reason=_reason(error))
                return model
            raise

    def _replace(self, model_uri: ModelUri) -> None:
        before = self.current
        try:
            model = loaded_model.load(model_uri, self.cache_dir)
            if model.problem.target != before.problem.target:
                raise LonghaulError(
                    f"{model_uri.uri}: it predicts {model.problem.target.column}, not"
                    f" {before.problem.target.column}"
                )
        except Exception as error:  # whatever is wrong with it, the model in service stays
            self._reject(model_uri, error)
            return
        self.rejected = None
        self._serve(model)
        self.metrics.version.labels(before.model_uri.name, before.model_uri.version).set(0)
        self.metrics.swaps.inc()
        event_log.info("swapped", model=model_uri.uri, before=before.model_uri.uri)

    def _serve(self, model: LoadedModel) -> None:
        """Answer requests with a model from now on."""
        self.current = model
        model_uri = model.model_uri
        self.metrics.version.labels(model_uri.name, model_uri.version).set(1)
        draft = self._last.with_suffix(f".{threading.get_native_id()}")
        fields = [model_uri.name, model_uri.version, model_uri.uri]
        draft.write_text("\n".join(fields), encoding="utf-8")
        draft.replace(self._last)

    def _reject(self, model_uri: ModelUri, error: Exception) -> None:
        attempts = 1
        if self.rejected and self.rejected.model_uri == model_uri:
            attempts = self.rejected.attempts + 1
        retry_at = time.monotonic() + min(2.0**attempts, _MAX_RETRY_SECONDS)
        self.rejected = RejectedVersion(model_uri, _reason(error), attempts, retry_at)
        if attempts == 1:
            self.metrics.rejected_versions.inc()
            event_log.warning("refused", model=model_uri.uri, reason=self.rejected.reason)

    def _recently_rejected(self, model_uri: ModelUri) -> bool:
        rejected = self.rejected
        return bool(
            rejected and rejected.model_uri == model_uri and time.monotonic() < rejected.retry_at
        )

    def _note_registry_error(self, error: Exception) -> None:
        if not self.registry_error:
            event_log.warning("registry not readable", model=self.uri, reason=_reason(error))
        self.registry_error = _reason(error)

    @property
    def _last(self) -> Path:
        """File that names the last model in service, for workers that start later."""
        return self.cache_dir / "last"


def _reason(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0]
