"""What operators and tools fetch without a query: liveness, readiness, the schema."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException

from config import postgres, valkey
from config.errors import ServiceUnavailable
from graph.context import Services
from graph.schema import printed

PING_TIMEOUT_S = 2.0
REQUIRED = "postgresql"
"""Without it nothing can be answered; without the others the API answers with less."""


@get("/health/live", sync_to_thread=False)
def live() -> dict[str, str]:
    """The process runs and its loop turns."""
    return {"status": "live"}


@get("/health/ready")
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


@get("/schema.graphql", media_type="application/graphql; charset=utf-8", sync_to_thread=False)
def schema_text(request: Request[Any, Any, Any]) -> str:
    """The schema in the definition language, unless it is private."""
    services: Services = request.app.state.services
    if not services.settings.requests.documents.introspection:
        raise NotFoundException
    return printed()


async def _up(ping: Awaitable[None]) -> bool:
    try:
        await asyncio.wait_for(ping, PING_TIMEOUT_S)
    except (ServiceUnavailable, TimeoutError):
        return False
    return True
