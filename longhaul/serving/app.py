"""ASGI application of one worker: FastAPI, the live model, the recorder and authentication."""

import asyncio
import contextlib
import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import mlflow
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from longhaul.serving import event_log, metrics, openapi, shipper
from longhaul.serving.ground_truth import GroundTruthEndpoint
from longhaul.serving.http_errors import INTERNAL_ERROR, HttpError
from longhaul.serving.invocations import InvocationsEndpoint
from longhaul.serving.live_model import LiveModel
from longhaul.serving.metrics import ServiceMetrics
from longhaul.serving.middleware import AUTHENTICATED, AuthenticationMiddleware
from longhaul.serving.recorder import Recorder
from longhaul.serving.settings import ServiceSettings

TICK_SECONDS = 1.0
_GC_THRESHOLD = 10_000  # new objects between two garbage collections: some hundred requests


def create_app(
    settings: ServiceSettings, cache_dir: Path, ship_status: Path
) -> AuthenticationMiddleware:
    """Build the application that a worker runs.

    Parameters
    ----------
    settings : ServiceSettings
    cache_dir : Path
        Where downloaded models stay; see `LiveModel`.
    ship_status : Path
        Where the supervisor says whether the prediction log is shipped; see `shipper.ship`.
    """
    event_log.configure()
    _end_with_parent()
    service_metrics = ServiceMetrics()
    live_model = LiveModel(settings.model, cache_dir, service_metrics)
    recorder = Recorder(
        settings.record, settings.compact_seconds, settings.on_log_failure, service_metrics
    )
    app = FastAPIOffline(
        redoc_url=None, title="Longhaul", lifespan=_lifespan(live_model, recorder, settings)
    )
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _internal_error)
    app.openapi = lambda: openapi.openapi(  # type: ignore[method-assign]
        live_model.current, settings
    )
    _add_probes(app, live_model, recorder, ship_status)
    invocations = InvocationsEndpoint(live_model, recorder, settings.limits, service_metrics)
    ground_truth = GroundTruthEndpoint(
        lambda: live_model.current.predictor.task_type, recorder, settings.limits, service_metrics
    )
    routes = _bypass_routing({"/invocations": invocations, "/outcomes": ground_truth}, app)
    return AuthenticationMiddleware(routes, settings.tokens, service_metrics)


def _bypass_routing(endpoints: Mapping[str, ASGIApp], app: FastAPI) -> ASGIApp:
    """Send POST requests to their endpoints directly: FastAPI's routing takes a fifth of an answer.

    FastAPI still knows the paths, and answers other methods with 405.
    """
    for path, endpoint in endpoints.items():
        app.router.routes.insert(0, Route(path, endpoint, methods=["POST"]))

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = endpoints.get(scope.get("path", ""))
        if endpoint is not None and scope["method"] == "POST":
            await endpoint(scope, receive, send)
            return
        try:
            await app(scope, receive, send)
        except Exception:  # `_internal_error` has answered; FastAPI raises the error again
            event_log.error("failed", path=scope.get("path"))

    return dispatch


def _add_probes(app: FastAPI, live_model: LiveModel, recorder: Recorder, ship_status: Path) -> None:
    """Add the endpoints for probes and Prometheus."""

    @app.get("/ping")
    async def ping() -> Response:
        return Response("\n", media_type="application/json")

    @app.get("/version")
    async def version() -> Response:
        return Response(mlflow.__version__, media_type="application/json")

    @app.get("/ready")
    async def ready() -> JSONResponse:
        is_ready = recorder.is_ready()
        return JSONResponse({"ready": is_ready}, 200 if is_ready else 503)

    @app.get("/health")
    async def health(request: Request) -> JSONResponse:
        shipping = shipper.read_status(ship_status)
        report: dict[str, Any] = {"status": _status(live_model, recorder, shipping)}
        if request.scope[AUTHENTICATED]:
            report |= _details(live_model, recorder)
            report |= {"ship": "ok" if shipping == "" else shipping}
        return JSONResponse(report)

    @app.get("/metrics")
    async def prometheus() -> PlainTextResponse:
        text = await asyncio.to_thread(metrics.exposition)
        return PlainTextResponse(text, media_type="text/plain; version=0.0.4; charset=utf-8")


def _status(live_model: LiveModel, recorder: Recorder, shipping: str | None) -> str:
    reading = live_model.registry_error or live_model.correction_error or live_model.canary.error
    troubled = live_model.rejected or reading or recorder.error or shipping
    return "troubled" if troubled else "ok"


def _details(live_model: LiveModel, recorder: Recorder) -> dict[str, Any]:
    rejected, stored = live_model.rejected, live_model.current.correction
    shift = stored and {"shift": stored.correction.current, "source": stored.source}
    return {
        "model": live_model.current.model_uri.name,
        "version": live_model.current.model_uri.version,
        "follows": live_model.uri,
        "refused": rejected and {"model": rejected.model_uri.uri, "reason": rejected.reason},
        "registry": live_model.registry_error or "ok",
        "correction": live_model.correction_error or shift,
        "canary": _canary(live_model),
        "record": recorder.error or "ok",
    }


def _canary(live_model: LiveModel) -> Any:
    """Describe the canary: None where there is none, the reason where it cannot be followed."""
    live = live_model.canary.current
    if live_model.canary.error or live is None:
        return live_model.canary.error or None
    return {
        "version": live.model.model_uri.version,
        "share": live.share,
        "requests": live.requests,
        "failures": live.failures,
    }


def _lifespan(live_model: LiveModel, recorder: Recorder, settings: ServiceSettings) -> Any:
    """Return FastAPI's lifespan: it starts and ends the polling of the registry and the ticks."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        polling = live_model.start_polling(settings.poll_seconds)
        ticking = asyncio.create_task(_tick(recorder))
        gc.collect()
        gc.freeze()  # all that is loaded by now stays: the collector need not look at it again
        gc.set_threshold(_GC_THRESHOLD)
        event_log.info("serving", model=live_model.current.model_uri.uri)
        yield
        live_model.close()
        ticking.cancel()
        recorder.close()
        event_log.info("stopped")
        polling.join(0)

    return lifespan


async def _tick(recorder: Recorder) -> None:
    while True:
        await asyncio.sleep(TICK_SECONDS)
        recorder.tick()


async def _http_error(request: Request, error: Exception) -> Response:
    """Answer Starlette's own errors, such as 404, in the JSON of all errors."""
    assert isinstance(error, HTTPException)
    code = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}.get(error.status_code, "BAD_REQUEST")
    message = "no such path or method; GET /openapi.json lists all of them"
    headers = dict(error.headers or {})
    body = HttpError(error.status_code, code, message).body
    return Response(body, error.status_code, headers, "application/json")


async def _internal_error(request: Request, error: Exception) -> Response:
    """Return a 500 that leaks no details."""
    return Response(INTERNAL_ERROR.body, INTERNAL_ERROR.status, media_type="application/json")


def _end_with_parent() -> None:
    """Stop serving when the supervisor has ended, for any reason."""
    parent = multiprocessing.parent_process()
    if parent is not None:

        def wait() -> None:
            parent.join()
            os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=wait, daemon=True).start()
