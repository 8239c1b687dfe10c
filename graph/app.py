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
from config.telemetry.metrics import metrics_told
from config.telemetry.traces import open_tracer
from config.valkey import open_valkey
from graph import accounts, catalog, uploads
from graph.accounts.tokens import SigningKey, signing_key
from graph.context import Services
from graph.errors import GraphError
from graph.fanout import open_fanout
from graph.live.audience import Audience
from graph.live.presence import Presence
from graph.observation.figures import Figures
from graph.observation.metrics import Sources, registry_of
from graph.observation.observer import Observer
from graph.observation.spans import Spans
from graph.persisted.store import PersistedDocuments
from graph.persisted.trusted import trusted_documents
from graph.protection.address import Networks
from graph.protection.limiter import Limiter
from graph.reads.routing import Routing
from graph.reuse.answers import Answers
from graph.reuse.changes import listening
from graph.schedules import schedules_kept
from graph.schema import Schema, schema
from graph.sharing.page import share_page
from graph.transport.compression import CompressionMiddleware
from graph.transport.controller import graphql_controller
from graph.transport.counting import counting
from graph.transport.guarding import guard
from graph.transport.health import live, ready, schema_text
from graph.transport.over_http import MAX_BODY_BYTES
from graph.transport.patience import PatienceMiddleware
from graph.transport.request_id import REQUEST_ID_HEADER, RequestIdMiddleware
from graph.transport.responses import answer_exception
from graph.transport.varying import varying
from graph.uploads.intake import intake_route
from graph.works import works

TABLES = (*accounts.tables.TABLES, *catalog.tables.TABLES, *uploads.tables.TABLES)


def create_app(settings: GraphSettings) -> Litestar:
    """The ASGI application. Its connections are opened in its lifespan, in the loop that serves it."""
    key = signing_key(settings.tokens.key_pem)
    requests = settings.requests
    trusted = trusted_documents(requests.trusted_documents)
    answers = Answers(capacity_bytes=requests.cache_bytes, max_age_s=requests.cache_max_age_s)
    figures = Figures()
    made = schema(requests.documents)

    @asynccontextmanager
    async def connections(app: Litestar) -> AsyncIterator[None]:
        async with _services(settings, key, trusted, answers, figures) as services:
            registry = registry_of(_sources(services, made))
            async with metrics_told(registry, settings.telemetry, workers=settings.workers):
                app.state.services = services
                yield

    return Litestar(
        route_handlers=[
            graphql_controller(made, settings),
            live,
            ready,
            schema_text,
            share_page,
            intake_route(settings.uploads.streamed_max),
        ],
        lifespan=[connections],
        middleware=[PatienceMiddleware(), RequestIdMiddleware(), CompressionMiddleware()],
        cors_config=_cors(settings),
        before_send=[guard, varying(settings.markets.country_header), counting(figures)],
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
    settings: GraphSettings, key: SigningKey, trusted: Mapping[str, str], answers: Answers, figures: Figures
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
        schedules_kept(settings.postgres, works(settings)),
        open_tracer(settings.telemetry, service="segue-graph") as tracer,
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
            observer=Observer(
                figures,
                None if tracer is None else Spans(tracer),
                trusted=trusted.values(),
                slow_s=settings.telemetry.slow_operation_s,
            ),
        )


def _sources(services: Services, made: Schema) -> Sources:
    return Sources(
        observer=services.observer,
        documents=made.documents,
        answers=services.answers,
        persisted=services.persisted,
        pools={"primary": services.pool, "reading": services.routing.reading},
        replicas=services.routing.replicas,
    )


def _cors(settings: GraphSettings) -> CORSConfig:
    return CORSConfig(
        allow_origins=list(settings.requests.allowed_origins),
        allow_methods=["GET", "POST", "PUT", "OPTIONS"],
        allow_headers=["authorization", "content-type", "traceparent", "tracestate", REQUEST_ID_HEADER],
        expose_headers=["retry-after", REQUEST_ID_HEADER],
        max_age=86400,
    )
