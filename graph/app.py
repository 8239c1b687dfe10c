"""The one place where the graph process is wired, top to bottom."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.exceptions import HTTPException

from config.objects import open_store
from config.postgres import PooledEngine, bind_tables, open_pool, open_reading_pool
from config.replicas import open_replicas
from config.settings import GraphSettings
from config.valkey import open_valkey
from graph import accounts, catalog, uploads
from graph.accounts.tokens import SigningKey, signing_key
from graph.context import Services
from graph.errors import GraphError
from graph.fanout import open_fanout
from graph.live.audience import Audience
from graph.live.presence import Presence
from graph.persisted.store import PersistedDocuments
from graph.persisted.trusted import trusted_documents
from graph.protection.address import Networks
from graph.protection.limiter import Limiter
from graph.reads.routing import Routing
from graph.reuse.answers import Answers
from graph.reuse.changes import listening
from graph.schedules import schedules_kept
from graph.schema import schema
from graph.sharing.page import share_page
from graph.transport.controller import graphql_controller
from graph.transport.health import live, ready, schema_text
from graph.transport.over_http import MAX_BODY_BYTES
from graph.transport.request_id import REQUEST_ID_HEADER, RequestIdMiddleware
from graph.transport.responses import answer_exception
from graph.transport.varying import varying
from graph.uploads.intake import intake_route
from graph.works import WORKS

TABLES = (*accounts.tables.TABLES, *catalog.tables.TABLES, *uploads.tables.TABLES)


def create_app(settings: GraphSettings) -> Litestar:
    """The ASGI application. Its connections are opened in its lifespan, in the loop that serves it."""
    key = signing_key(settings.access_token_key_pem)
    requests = settings.requests
    trusted = trusted_documents(requests.trusted_documents)
    answers = Answers(capacity_bytes=requests.cache_bytes, max_age_s=requests.cache_max_age_s)

    @asynccontextmanager
    async def connections(app: Litestar) -> AsyncIterator[None]:
        async with _services(settings, key, trusted, answers) as services:
            app.state.services = services
            yield

    return Litestar(
        route_handlers=[
            graphql_controller(schema(requests.documents), settings),
            live,
            ready,
            schema_text,
            share_page,
            intake_route(settings.streamed_uploads_max),
        ],
        lifespan=[connections],
        middleware=[RequestIdMiddleware()],
        cors_config=_cors(settings),
        before_send=[varying(settings.country_header)],
        exception_handlers={
            GraphError: answer_exception,
            HTTPException: answer_exception,
            Exception: answer_exception,
        },
        request_max_body_size=MAX_BODY_BYTES,
        openapi_config=None,
        logging_config=None,  # `config.logs` owns the root logger
    )


@asynccontextmanager
async def _services(
    settings: GraphSettings, key: SigningKey, trusted: Mapping[str, str], answers: Answers
) -> AsyncIterator[Services]:
    """Everything that is open for as long as the process serves."""
    requests = settings.requests
    async with (
        open_pool(settings.postgres) as pool,
        open_valkey(settings.valkey) as valkey,
        open_store(settings.s3) as store,
        open_fanout(valkey) as fanout,
        listening(answers, settings.postgres),
        open_reading_pool(settings.postgres) as reading,
        open_replicas(settings.replicas, pool, settings.postgres) as replicas,
        schedules_kept(settings.postgres, WORKS),
    ):
        engine = PooledEngine(pool)
        bind_tables(TABLES, engine)
        yield Services(
            settings=settings,
            pool=pool,
            engine=engine,
            store=store,
            valkey=valkey,
            signing_key=key,
            fanout=fanout,
            presence=Presence(valkey),
            audience=Audience(pool),
            limiter=Limiter(valkey, requests.rates),
            persisted=PersistedDocuments(valkey, trusted, only_trusted=requests.only_trusted),
            proxies=Networks(requests.trusted_proxies),
            answers=answers,
            routing=Routing(reading, replicas, valkey),
        )


def _cors(settings: GraphSettings) -> CORSConfig:
    return CORSConfig(
        allow_origins=list(settings.allowed_origins),
        allow_methods=["GET", "POST", "PUT", "OPTIONS"],
        allow_headers=["authorization", "content-type", REQUEST_ID_HEADER],
        expose_headers=[REQUEST_ID_HEADER],
        max_age=86400,
    )
