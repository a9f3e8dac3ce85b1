"""Supervisor of the service: starts and replaces workers, and compacts their write-ahead logs."""

import contextlib
import functools
import os
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from uvicorn import Config
from uvicorn.supervisors import Multiprocess

from longhaul import process
from longhaul.errors import LonghaulError
from longhaul.registry.model_uri import resolve_model
from longhaul.serving import app, compaction, event_log, loaded_model, metrics, shipper, workers
from longhaul.serving.metrics import ServiceMetrics
from longhaul.serving.settings import ServiceSettings
from longhaul.serving.shadow import Shadow

TICK_SECONDS = 1.0
STOP_SECONDS = 20  # for requests in flight
SHADOW_SECONDS = 10.0
HEALTH_SECONDS = 30


def run(settings: ServiceSettings) -> int:
    """Serve until SIGTERM or SIGINT; then finish the requests in flight and the prediction log.

    Returns
    -------
    int
        Rows predicted.

    Raises
    ------
    LonghaulError
        When the settings are refused, the address is in use, there is no model that can be served,
        or the workers cannot start.
    """
    settings.check()
    workers.warm_up()
    event_log.configure()
    with _runtime_folder() as folder, _listen(settings) as listener, _restore_signals():
        cache_dir, service_metrics = folder / "models", ServiceMetrics()
        cache_dir.mkdir()
        first = loaded_model.load(resolve_model(settings.model), cache_dir)
        ship_status = folder / "ship_status.txt"
        with shipper.ship(settings, ship_status, service_metrics):
            compactor = Compactor(settings, first.model_uri.name, cache_dir, service_metrics)
            try:
                _supervise(settings, cache_dir, ship_status, listener)
            finally:
                compactor.close()
        return metrics.counter_total("longhaul_rows")


class Compactor:
    """Thread that compacts write-ahead logs and queues the new files for the shadow.

    Parameters
    ----------
    settings : ServiceSettings
    model : str
        The registered model's name.
    cache_dir : Path
        Where downloaded models stay.
    service_metrics : ServiceMetrics
    """

    def __init__(
        self,
        settings: ServiceSettings,
        model: str,
        cache_dir: Path,
        service_metrics: ServiceMetrics,
    ):
        self.folder, self.metrics = settings.record, service_metrics
        self.error = ""  # the reason while compaction fails, else empty
        self.shadow: Shadow | None = None
        if settings.shadow:
            uri = f"models:/{model}@{settings.shadow}"
            self.shadow = Shadow(uri, settings.record, cache_dir, service_metrics)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop the thread and compact the rest."""
        self._end.set()
        self._thread.join()
        self._compact()
        if self.shadow:
            self.shadow.close(SHADOW_SECONDS)

    def _run(self) -> None:
        process.stand_back()
        while not self._end.wait(TICK_SECONDS):
            self._compact()
            metrics.remove_dead_processes()

    def _compact(self) -> None:
        try:
            for file in compaction.compact(self.folder):
                if self.shadow:
                    self.shadow.add(file)
        except Exception as error:  # the next tick tries again: the logs are still there
            if not self.error:
                event_log.error("compaction failed", reason=str(error))
            self.error = str(error)
        else:
            self.error = ""
        oldest = compaction.oldest_pending(self.folder)
        self.metrics.compaction_lag.set(0 if oldest is None else max(0.0, time.time() - oldest))


class WorkerSupervisor(Multiprocess):
    """uvicorn's supervisor, extended by a flag: a signal has stopped it."""

    stopped_by_signal = False

    def handle_int(self) -> None:
        """Handle SIGINT."""
        self.stopped_by_signal = True
        super().handle_int()

    def handle_term(self) -> None:
        """Handle SIGTERM."""
        self.stopped_by_signal = True
        super().handle_term()


def _supervise(
    settings: ServiceSettings, cache_dir: Path, ship_status: Path, listener: socket.socket
) -> None:
    """Run the workers until a signal stops them; those that die are replaced."""
    config = Config(
        functools.partial(app.create_app, settings, cache_dir, ship_status),
        factory=True,
        workers=settings.workers,
        loop="uvloop",
        http="httptools",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=STOP_SECONDS,
        timeout_worker_healthcheck=HEALTH_SECONDS,
    )
    host, port = listener.getsockname()[:2]
    event_log.info("listening", address=f"http://{host}:{port}", workers=settings.workers)
    # For estimators, and for OpenMP where it is loaded later: no more threads than processors.
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // settings.workers)))
    workers.fork()
    supervisor = WorkerSupervisor(config, [listener])
    supervisor.run()
    if not supervisor.stopped_by_signal:
        raise LonghaulError("the workers cannot start; the log above has the reason")


@contextlib.contextmanager
def _restore_signals() -> Iterator[None]:
    """Restore signal handlers at the end, except SIGTERM's: it must not interrupt closing the run.

    `mlflow run` sends SIGTERM when it is interrupted itself, at any time after.
    """
    before = {number: signal.getsignal(number) for number in signal.valid_signals()}
    before[signal.SIGTERM] = signal.SIG_IGN
    try:
        yield
    finally:
        for number, handler in before.items():
            with contextlib.suppress(OSError, TypeError, ValueError):
                signal.signal(number, handler)


@contextlib.contextmanager
def _runtime_folder() -> Iterator[Path]:
    """Create a temporary folder for models and for the metrics of all processes."""
    folder = Path(tempfile.mkdtemp(prefix="longhaul-"))
    metrics.share_folder(folder / "metrics")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _listen(settings: ServiceSettings) -> Iterator[socket.socket]:
    """Open the socket before a worker starts, so that an address in use fails at once."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise LonghaulError(
                f"cannot listen on {settings.host}:{settings.port}: {reason}"
            ) from None
        listener.set_inheritable(True)
        yield listener
