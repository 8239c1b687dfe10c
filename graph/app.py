"""The one place where the graph process is wired, top to bottom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.exceptions import HTTPException

from config.objects import open_store
from config.postgres import PooledEngine, bind_tables, open_pool
from config.settings import GraphSettings
from config.valkey import open_valkey
from graph import accounts, catalog, library, uploads
from graph.accounts.tokens import signing_key
from graph.context import Services
from graph.errors import GraphError
from graph.fanout import open_fanout
from graph.live.audience import Audience
from graph.live.presence import Presence
from graph.schema import schema
from graph.transport.controller import graphql_controller
from graph.transport.health import live, ready, schema_text
from graph.transport.over_http import MAX_BODY_BYTES
from graph.transport.request_id import REQUEST_ID_HEADER, RequestIdMiddleware
from graph.transport.responses import answer_exception
from graph.uploads.intake import intake_route

TABLES = (*accounts.tables.TABLES, *catalog.tables.TABLES, *uploads.tables.TABLES, *library.tables.TABLES)


def create_app(settings: GraphSettings) -> Litestar:
    """The ASGI application. Its connections are opened in its lifespan, in the loop that serves it."""
    key = signing_key(settings.access_token_key_pem)

    @asynccontextmanager
    async def connections(app: Litestar) -> AsyncIterator[None]:
        async with (
            open_pool(settings.postgres) as pool,
            open_valkey(settings.valkey) as valkey,
            open_store(settings.s3) as store,
            open_fanout(valkey) as fanout,
        ):
            engine = PooledEngine(pool)
            bind_tables(TABLES, engine)
            app.state.services = Services(
                settings=settings,
                pool=pool,
                engine=engine,
                store=store,
                valkey=valkey,
                signing_key=key,
                fanout=fanout,
                presence=Presence(valkey),
                audience=Audience(pool),
            )
            yield

    return Litestar(
        route_handlers=[
            graphql_controller(schema(), settings),
            live,
            ready,
            schema_text,
            intake_route(settings.streamed_uploads_max),
        ],
        lifespan=[connections],
        middleware=[RequestIdMiddleware()],
        cors_config=_cors(settings),
        exception_handlers={
            GraphError: answer_exception,
            HTTPException: answer_exception,
            Exception: answer_exception,
        },
        request_max_body_size=MAX_BODY_BYTES,
        openapi_config=None,
        logging_config=None,  # `config.logs` owns the root logger
    )


def _cors(settings: GraphSettings) -> CORSConfig:
    return CORSConfig(
        allow_origins=list(settings.allowed_origins),
        allow_methods=["GET", "POST", "PUT", "OPTIONS"],
        allow_headers=["authorization", "content-type", REQUEST_ID_HEADER],
        expose_headers=[REQUEST_ID_HEADER],
        max_age=86400,
    )
