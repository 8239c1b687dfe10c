"""What operators and tools fetch without a query: liveness, readiness, the schema."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable
from functools import cache
from http import HTTPStatus
from typing import Any

from litestar import HttpMethod, Request, Response, get, route
from litestar.exceptions import NotFoundException

from config import postgres, valkey
from config.errors import ServiceUnavailable
from graph.context import Services
from graph.schema import printed

LOOKED_AT = [HttpMethod.GET, HttpMethod.HEAD]
"""Many that only watch want no body."""
PING_TIMEOUT_S = 2.0
SCHEMA_MAX_AGE_S = 300
"""How long after a release a tool may read the schema before it; what it had then holds on."""
REQUIRED = "postgresql"
"""Without it nothing can be answered; without the others the API answers with less."""


@route("/health/live", http_method=LOOKED_AT, sync_to_thread=False)
def live() -> dict[str, str]:
    """The process runs and its loop turns."""
    return {"status": "live"}


@route("/health/ready", http_method=LOOKED_AT)
async def ready(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """Whether requests can be served, and which services are up."""
    services: Services = request.app.state.services
    names = (REQUIRED, "valkey", "s3")
    states = await asyncio.gather(
        _up(postgres.ping(services.pool)), _up(valkey.ping(services.valkey)), _up(services.store.ping())
    )
    up = dict(zip(names, states, strict=True))
    body = {
        "status": "ready" if up[REQUIRED] else "unavailable",
        "services": {name: "up" if state else "down" for name, state in up.items()},
    }
    return Response(body, status_code=200 if up[REQUIRED] else 503)


@get("/schema.graphql", sync_to_thread=False)
def schema_text(request: Request[Any, Any, Any]) -> Response[str | None]:
    """The schema in the definition language, unless it is private: then there is no such page, for whoever asks."""
    services: Services = request.app.state.services
    if not services.settings.requests.documents.introspection:
        raise NotFoundException
    text, etag = _schema()
    headers = {"etag": etag, "cache-control": f"public, max-age={SCHEMA_MAX_AGE_S}"}
    if etag in request.headers.get("if-none-match", ""):  # its quotes are part of it, so it is in no other
        return Response(None, status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(text, media_type="application/graphql; charset=utf-8", headers=headers)


@cache
def _schema() -> tuple[str, str]:
    """The text and its `ETag`; both are the same for as long as the process lives."""
    text = printed()
    return text, f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


async def _up(ping: Awaitable[None]) -> bool:
    try:
        await asyncio.wait_for(ping, PING_TIMEOUT_S)
    except (ServiceUnavailable, TimeoutError):
        return False
    return True
