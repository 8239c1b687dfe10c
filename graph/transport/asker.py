"""Who asks, and from where: read from the headers of a request, or of a socket's handshake."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from litestar.connection import ASGIConnection

from graph.accounts.tokens import bearer, verify
from graph.context import NO_TRACE, Context, Services
from graph.licences.markets import known
from graph.protection.address import client_address
from graph.transport.request_id import request_id
from graph.viewer import Viewer


def viewer_of(authorization: str | None, services: Services) -> Viewer | None:
    """The viewer that a header names, None without one. Raises Unauthenticated."""
    if authorization is None:
        return None
    return verify(bearer(authorization), key=services.signing_key, now_s=int(time.time()))


def country_of(headers: Mapping[str, str], services: Services) -> str | None:
    """Where the edge in front says that a request comes from; None when none is trusted, or it does not know."""
    name = services.settings.markets.country_header
    return known(headers.get(name)) if name else None


def trace_parent_of(headers: Mapping[str, str], services: Services) -> Mapping[str, str]:
    """The trace that a request belongs to by its own word (W3C Trace Context); nothing where none is written."""
    if services.observer.spans is None or "traceparent" not in headers:
        return NO_TRACE
    return {name: headers[name] for name in ("traceparent", "tracestate") if name in headers}


def context_of(connection: ASGIConnection[Any, Any, Any, Any], viewer: Viewer | None) -> Context:
    """The context of a request or a socket."""
    services: Services = connection.app.state.services
    peer = connection.client
    forwarded_for = ",".join(connection.headers.getall("x-forwarded-for", []))
    return Context(
        services,
        viewer,
        request_id=request_id(connection.scope),
        country=country_of(connection.headers, services),
        address=client_address(peer.host if peer else None, forwarded_for, services.proxies),
        trace_parent=trace_parent_of(connection.headers, services),
    )
