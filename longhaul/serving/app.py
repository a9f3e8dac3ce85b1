"""The application of one worker: FastAPI, with a model, a record and doors."""

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

from longhaul.serving import event_log, metrics, openapi
from longhaul.serving.ground_truth import GroundTruthEndpoint
from longhaul.serving.http_errors import INTERNAL_ERROR, HttpError
from longhaul.serving.invocations import InvocationsEndpoint
from longhaul.serving.live_model import LiveModel
from longhaul.serving.metrics import ServiceMetrics
from longhaul.serving.middleware import AuthenticationMiddleware
from longhaul.serving.recorder import Recorder
from longhaul.serving.settings import ServiceSettings

TICK_SECONDS = 1.0
_YOUNG = 10_000  # objects between two looks of the collector: of some hundred requests


def create_app(settings: ServiceSettings, cache_dir: Path) -> AuthenticationMiddleware:
    """The application that a worker runs.

    Parameters
    ----------
    settings : Settings
    cache_dir : Path
        Where copies of models stay; see `Champion`.
    """
    event_log.configure()
    _end_with_parent()
    own = ServiceMetrics()
    live_model = LiveModel(settings.model, cache_dir, own)
    recorder = Recorder(settings.record, settings.compact_seconds, settings.on_log_failure, own)
    app = FastAPIOffline(
        redoc_url=None, title="Longhaul", lifespan=_life(live_model, recorder, settings)
    )
    app.add_exception_handler(HTTPException, _as_refusal)
    app.add_exception_handler(Exception, _as_failure)
    app.openapi = lambda: openapi.openapi(live_model.current, settings)  # type: ignore[method-assign]
    _add_probes(app, live_model, recorder)
    invocations = InvocationsEndpoint(live_model, recorder, settings.limits, own)
    outcomes = GroundTruthEndpoint(lambda: live_model.current.predictor.task_type, recorder, settings.limits, own)
    return AuthenticationMiddleware(
        _ahead({"/invocations": invocations, "/outcomes": outcomes}, app), settings.tokens, own
    )


def _ahead(endpoints: Mapping[str, ASGIApp], app: FastAPI) -> ASGIApp:
    """Take what is posted past FastAPI's routing, which costs a fifth of an answer."""
    for path, endpoint in endpoints.items():
        app.router.routes.insert(0, Route(path, endpoint, methods=["POST"]))  # or 405

    async def pass_on(scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = endpoints.get(scope.get("path", ""))
        if endpoint is not None and scope["method"] == "POST":
            await endpoint(scope, receive, send)
            return
        try:
            await app(scope, receive, send)
        except Exception:  # answered by `_as_failure`, and raised again
            event_log.error("failed", path=scope.get("path"))

    return pass_on


def _add_probes(app: FastAPI, live_model: LiveModel, recorder: Recorder) -> None:
    """What is asked from outside: alive, ready, healthy, how much."""

    @app.get("/ping")
    async def ping() -> Response:
        return Response("\n", media_type="application/json")

    @app.get("/version")
    async def version() -> Response:
        return Response(mlflow.__version__, media_type="application/json")

    @app.get("/ready")
    async def ready() -> JSONResponse:
        is_ready = recorder.ready()
        return JSONResponse({"ready": is_ready}, 200 if is_ready else 503)

    @app.get("/health")
    async def health(request: Request) -> JSONResponse:
        found: dict[str, Any] = {"status": _status(live_model, recorder)}
        if request.scope["longhaul.known"]:
            found |= _details(live_model, recorder)
        return JSONResponse(found)

    @app.get("/metrics")
    async def prometheus() -> PlainTextResponse:
        text = await asyncio.to_thread(metrics.exposition)
        return PlainTextResponse(text, media_type="text/plain; version=0.0.4; charset=utf-8")


def _status(live_model: LiveModel, recorder: Recorder) -> str:
    troubled = live_model.refused or live_model.lost or recorder.trouble
    return "troubled" if troubled else "ok"


def _details(live_model: LiveModel, recorder: Recorder) -> dict[str, Any]:
    refused = live_model.refused
    return {
        "model": live_model.current.model_uri.name,
        "version": live_model.current.model_uri.version,
        "follows": live_model.uri,
        "refused": refused and {"model": refused.model_uri.uri, "reason": refused.reason},
        "registry": live_model.lost or "ok",
        "record": recorder.trouble or "ok",
    }


def _life(live_model: LiveModel, recorder: Recorder, settings: ServiceSettings) -> Any:
    @contextlib.asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        following = live_model.follow(settings.poll_seconds)
        ticking = asyncio.create_task(_tick(recorder))
        gc.collect()
        gc.freeze()  # what is loaded now stays: the collector need not look at it again
        gc.set_threshold(_YOUNG)
        event_log.info("serving", model=live_model.current.model_uri.uri)
        yield
        live_model.close()
        ticking.cancel()
        recorder.wal.close()
        event_log.info("stopped")
        following.join(0)

    return life


async def _tick(recorder: Recorder) -> None:
    while True:
        await asyncio.sleep(TICK_SECONDS)
        recorder.wal.tick()


async def _as_refusal(request: Request, error: Exception) -> Response:
    """Answer what Starlette itself refuses in the words of all refusals."""
    assert isinstance(error, HTTPException)
    code = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}.get(error.status_code, "BAD_REQUEST")
    refusal = HttpError(error.status_code, code, "GET /openapi.json says what there is to ask")
    headers = dict(error.headers or {})
    return Response(refusal.line, error.status_code, headers, "application/json")


async def _as_failure(request: Request, error: Exception) -> Response:
    """Answer what must not happen, without a word of it."""
    return Response(INTERNAL_ERROR.line, INTERNAL_ERROR.status, media_type="application/json")


def _end_with_parent() -> None:
    """Stop serving when the supervisor is gone, however that came about."""
    parent = multiprocessing.parent_process()
    if parent is not None:

        def wait() -> None:
            parent.join()
            os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=wait, daemon=True).start()
