"""Live model: the model in service, replaced when its alias moves (hot reload)."""

import contextlib
import json
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

from longhaul.errors import LonghaulError
from longhaul.model.correction import Correction
from longhaul.registry import corrections
from longhaul.registry.corrections import StoredCorrection
from longhaul.registry.model_uri import ModelUri, resolve_model
from longhaul.serving import event_log, loaded_model
from longhaul.serving.canary import CanaryFollower
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

    So is the correction of its version, see `longhaul.registry.corrections`.

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
        self.correction_error = ""  # the reason while the correction cannot be read, else empty
        self.canary = CanaryFollower(uri, cache_dir)
        self._end = threading.Event()
        self.current = self._with_correction(self._load_initial())
        self._serve(self.current)
        self.canary.follow(self.current, self._with_correction)

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
        self._follow_correction()
        self.canary.follow(self.current, self._with_correction)

    def _follow_correction(self) -> None:
        """Put the correction of the version in service, if it is another one by now."""
        model = self._with_correction(self.current)
        if model is not self.current:
            self.current = model
            self._show_correction(model)

    def _with_correction(self, model: LoadedModel) -> LoadedModel:
        """Return a model with the correction of its version; itself where that is the same.

        While that cannot be read, it keeps the one that it has, or the last that a worker has read.
        """
        if not model.is_correctable:
            return model
        try:
            stored = self._read_correction(model)
            self.correction_error = ""
        except (
            Exception
        ) as error:  # the store of the registry, or of artifacts, may fail in any way
            if not self.correction_error:
                event_log.warning("correction not readable", reason=_reason(error))
            self.correction_error = _reason(error)
            stored = model.correction or self._last_correction(model.model_uri)
        return model if stored == model.correction else replace(model, correction=stored)

    def _read_correction(self, model: LoadedModel) -> StoredCorrection | None:
        """Read the correction that the registry names; one that the model has is not read again."""
        source, stored = corrections.source(model.model_uri), model.correction
        if source in {"", corrections.OFF}:
            stored = None
        elif stored is None or stored.source != source:
            stored = corrections.read(source, model.model_uri)
        if stored != model.correction:
            record = stored and [stored.source, stored.correction.to_dict()]
            self._write(self._last_correction_file(model.model_uri), json.dumps(record))
        return stored

    def _last_correction(self, model_uri: ModelUri) -> StoredCorrection | None:
        """Return the correction that a worker has read last; None where none has."""
        with contextlib.suppress(OSError):
            text = self._last_correction_file(model_uri).read_text(encoding="utf-8")
            if record := json.loads(text):
                return StoredCorrection(record[0], Correction.from_dict(record[1]))
        return None

    def _last_correction_file(self, model_uri: ModelUri) -> Path:
        return self.cache_dir / f"{model_uri.key}.correction"

    def _show_correction(self, model: LoadedModel) -> None:
        """Show the newest shift in the metrics and in the log."""
        uri, stored = model.model_uri, model.correction
        shift = stored.correction.current if stored else 0.0
        self.metrics.correction.labels(uri.name, uri.version).set(shift)
        source = stored.source if stored else "none"
        event_log.info("correction", model=uri.uri, shift=shift, source=source)

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
            model = self._with_correction(model)
        except Exception as error:  # whatever is wrong with it, the model in service stays
            self._reject(model_uri, error)
            return
        self.rejected = None
        self._serve(model)
        labels = before.model_uri.name, before.model_uri.version
        self.metrics.version.labels(*labels).set(0)
        self.metrics.correction.labels(*labels).set(0)
        self.metrics.swaps.inc()
        event_log.info("swapped", model=model_uri.uri, before=before.model_uri.uri)

    def _serve(self, model: LoadedModel) -> None:
        """Answer requests with a model from now on."""
        self.current = model
        model_uri = model.model_uri
        self.metrics.version.labels(model_uri.name, model_uri.version).set(1)
        if model.correction:
            self._show_correction(model)
        fields = [model_uri.name, model_uri.version, model_uri.uri]
        self._write(self._last, "\n".join(fields))

    def _write(self, path: Path, text: str) -> None:
        """Write a file for workers that start later, completely or not at all."""
        draft = path.with_suffix(f".{threading.get_native_id()}")
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)

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
