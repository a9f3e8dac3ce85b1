"""The service as processes: workers that answer, and this one, which keeps them and the record."""

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

from longhaul.errors import LonghaulError
from longhaul.registry.model_uri import resolve_model
from longhaul.serving import app, compaction, event_log, loaded_model, metrics
from longhaul.serving.metrics import ServiceMetrics
from longhaul.serving.settings import ServiceSettings
from longhaul.serving.shadow import Shadow

TICK_SECONDS = 1.0
STOP_SECONDS = 20  # for requests in flight
SHADOW_SECONDS = 10.0
HEALTH_SECONDS = 30
_NICE = 10  # workers come first


def run(settings: ServiceSettings) -> int:
    """Serve until SIGTERM or SIGINT; then finish the requests in flight and the record.

    Returns
    -------
    int
        Rows predicted.

    Raises
    ------
    LonghaulError
        When the settings are refused, the address is taken, there is no model that can be served,
        or the workers cannot start.
    """
    settings.check()
    event_log.configure()
    with _runtime() as folder, _listen(settings) as listener, _own_signals():
        cache_dir, own = folder / "models", ServiceMetrics()
        cache_dir.mkdir()
        first = loaded_model.load(resolve_model(settings.model), cache_dir)
        keeper = Compactor(settings, first.model_uri.name, cache_dir, own)
        try:
            _supervise(settings, cache_dir, listener)
        finally:
            keeper.close()
        return metrics.counter_total("longhaul_rows")


class Compactor:
    """Makes Parquet of the record, and shows it to the shadow, beside the workers.

    Parameters
    ----------
    settings : Settings
    model : str
        The registered model's name.
    cache_dir : Path
        Where copies of models stay.
    own : Meters
    """

    def __init__(self, settings: ServiceSettings, model: str, cache_dir: Path, own: ServiceMetrics):
        self.folder, self.metrics, self.trouble = settings.record, own, ""
        self.shadow: Shadow | None = None
        if settings.shadow:
            uri = f"models:/{model}@{settings.shadow}"
            self.shadow = Shadow(uri, settings.record, cache_dir, own)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Finish the record."""
        self._end.set()
        self._thread.join()
        self._seal()
        if self.shadow:
            self.shadow.close(SHADOW_SECONDS)

    def _keep(self) -> None:
        with contextlib.suppress(OSError):  # on Linux a thread has a priority of its own
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
        while not self._end.wait(TICK_SECONDS):
            self._seal()
            metrics.remove_dead_processes()

    def _seal(self) -> None:
        try:
            for file in compaction.compact(self.folder):
                if self.shadow:
                    self.shadow.add(file)
        except Exception as error:  # tried again at the next tick: the journals are still there
            if not self.trouble:
                event_log.error("record not sealed", reason=str(error))
            self.trouble = str(error)
        else:
            self.trouble = ""
        oldest = compaction.oldest_pending(self.folder)
        self.metrics.lag.set(0 if oldest is None else max(0.0, time.time() - oldest))


class WorkerSupervisor(Multiprocess):
    """uvicorn's supervisor, which also knows whether it was told to stop."""

    told = False

    def handle_int(self) -> None:
        """SIGINT."""
        self.told = True
        super().handle_int()

    def handle_term(self) -> None:
        """SIGTERM."""
        self.told = True
        super().handle_term()


def _supervise(settings: ServiceSettings, cache_dir: Path, listener: socket.socket) -> None:
    """Run the workers until a signal says otherwise; those that die are replaced."""
    config = Config(
        functools.partial(app.create_app, settings, cache_dir),
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
    # Read by OpenMP when a worker loads it: no more threads than processors, and none that spins.
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // settings.workers)))
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    workers = WorkerSupervisor(config, [listener])
    workers.run()
    if not workers.told:
        raise LonghaulError("the workers cannot start; the log above says why")


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Give signals back once the record is finished, but SIGTERM: what is left is to close the run.

    `mlflow run` sends one when it is interrupted itself, and nobody knows how late it comes.
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
def _runtime() -> Iterator[Path]:
    """A folder for as long as the service runs: models, and the figures of all processes."""
    folder = Path(tempfile.mkdtemp(prefix="longhaul-"))
    metrics.share_folder(folder / "metrics")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _listen(settings: ServiceSettings) -> Iterator[socket.socket]:
    """A socket that is open before a worker starts, so that a busy port is known at once."""
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
