"""The graph's services on real PostgreSQL, Valkey and S3, and rows to start from."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol
from uuid import UUID

import aiohttp
import httpx
import pytest
from litestar import Litestar
from valkey.asyncio import Valkey

from config.objects import ObjectStore, open_store
from config.postgres import Pool, PooledEngine, bind_tables, open_pool
from config.settings import GraphSettings, graph_settings
from config.valkey import open_valkey
from graph import schedules
from graph.accounts import tables as accounts
from graph.accounts import tokens
from graph.app import create_app
from graph.catalog import tables as catalog
from graph.fanout import Fanout, open_fanout
from graph.keys import new_key
from graph.live.audience import Audience
from graph.live.presence import Presence
from graph.reuse.answers import Answer
from graph.uploads import tables as uploads
from graph.viewer import Role, Viewer
from tests.graph import served
from tests.graph.clients import PATIENCE_S, Api, Ask, Socket
from tests.graph.living import living
from tests.graph.masters import add_revision
from tests.graph.statements import sent_through

LIMITS_OF_SERVERS = (
    "config.replicas.ANSWER_LIMIT_S",
    "graph.catalog.withdrawal.PATIENCE_S",
    "graph.transport.health.PING_TIMEOUT_S",
)
LIMITS_OF_VALKEY = (
    "graph.licences.answers.PATIENCE_S",
    "graph.playback.service.SESSION_PATIENCE_S",
    "graph.protection.sparing.PATIENCE_S",
    "graph.reads.writers.ANSWER_LIMIT_S",
)


@pytest.fixture(scope="module", autouse=True)
def nothing_is_due() -> Iterator[None]:
    """Every application would do what is due at a random moment of its first seconds; tests say when it is done."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(schedules, "EVERY_S", 1e9)
        yield


@pytest.fixture
def settings(environment: dict[str, str]) -> GraphSettings:
    return graph_settings(environment)


@pytest.fixture
async def pool(settings: GraphSettings) -> AsyncIterator[Pool]:
    async with open_pool(settings.postgres) as opened:
        tables = (*accounts.TABLES, *catalog.TABLES, *uploads.TABLES)
        bind_tables(tables, PooledEngine(opened))
        yield opened


@pytest.fixture
async def store(settings: GraphSettings) -> AsyncIterator[ObjectStore]:
    async with open_store(settings.s3) as opened:
        yield opened


@pytest.fixture
async def valkey(settings: GraphSettings) -> AsyncIterator[Valkey]:
    async with open_valkey(settings.valkey) as opened:
        yield opened


@pytest.fixture
async def fanout(valkey: Valkey) -> AsyncIterator[Fanout]:
    async with open_fanout(valkey) as opened:
        yield opened


@pytest.fixture
def presence(valkey: Valkey) -> Presence:
    return Presence(valkey)


@pytest.fixture
def audience(pool: Pool) -> Audience:
    return Audience(pool)


@pytest.fixture
def frozen_valkey(services: Any) -> Iterator[None]:
    """The real server takes connections and answers nothing."""
    os.kill(services.pids["valkey"], signal.SIGSTOP)
    yield
    os.kill(services.pids["valkey"], signal.SIGCONT)


@pytest.fixture(autouse=True)
def patient_with_services(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no service that is away, without which what it would have told is done without."""
    limits = LIMITS_OF_SERVERS if "frozen_valkey" in request.fixturenames else LIMITS_OF_SERVERS + LIMITS_OF_VALKEY
    for limit in limits:
        monkeypatch.setattr(limit, PATIENCE_S)


AddUser = Callable[[Role], Awaitable[Viewer]]


@pytest.fixture
def add_user(pool: Pool) -> AddUser:
    """Add an account and answer it as a viewer."""

    async def add(role: Role) -> Viewer:
        key = new_key()
        await pool.execute(
            "INSERT INTO users (id, email, display_name, password_hash, role) VALUES ($1, $2, 'Somebody', '', $3)",
            key,
            f"{key}@tests.example",
            role.value,
        )
        return Viewer(user_id=key, role=role, token_expires_at_s=2**40)

    return add


class AddTrack(Protocol):
    """Add a track of a new artist; with `ready`, it has media of that many milliseconds."""

    async def __call__(self, owner: Viewer, *, ready: int | None = None) -> UUID: ...


@pytest.fixture
def add_track(pool: Pool) -> AddTrack:
    async def add(owner: Viewer, *, ready: int | None = None) -> UUID:
        artist, track, asset = new_key(), new_key(), new_key()
        await pool.execute(
            "INSERT INTO artists (id, owner_id, name, search_text) VALUES ($1, $2, 'Band', 'band')",
            artist,
            owner.user_id,
        )
        await pool.execute(
            "INSERT INTO tracks (id, artist_id, title, search_text, asset_id) VALUES ($1, $2, 'Tune', 'tune', $3)",
            track,
            artist,
            asset,
        )
        if ready is not None:
            await add_revision(pool, owner, track=track, asset=asset, duration_ms=ready)
        return track

    return add


@pytest.fixture
def graph_children() -> list[served.Child]:
    """The processes that `start_graph` has started, for a test that kills one."""
    return []


@pytest.fixture
def start_graph(
    environment: dict[str, str], free_port: Callable[[], int], graph_children: list[served.Child]
) -> Iterator[Callable[[], str]]:
    """Start another real graph process on the test's services and answer its URL."""

    def start() -> str:
        port = free_port()
        child = served.start(environment, port=port)
        graph_children.append(child)
        url = f"http://127.0.0.1:{port}"
        served.wait_until_ready(url, child)
        return url

    yield start
    for child in graph_children:
        child.terminate()
    for child in graph_children:
        child.wait(timeout=60)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session
    await asyncio.sleep(0)  # lets the connector's transports close inside the test's loop


SignIn = Callable[[str, Viewer | None], Api]


@pytest.fixture
def api(settings: GraphSettings, http: aiohttp.ClientSession) -> SignIn:
    """Talk to the process at a URL as an account, or as nobody."""
    key = tokens.signing_key(settings.tokens.key_pem)

    def sign_in(url: str, viewer: Viewer | None) -> Api:
        if viewer is None:
            return Api(http, url, None)
        minted = tokens.mint(viewer.user_id, viewer.role, key=key, now_s=int(time.time()), lifetime_s=600)
        return Api(http, url, minted.text)

    return sign_in


@pytest.fixture
async def app(settings: GraphSettings) -> AsyncIterator[Litestar]:
    async with living(create_app(settings)) as application:
        yield application


@pytest.fixture
async def ask(app: Litestar) -> AsyncIterator[Ask]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://graph.test") as client:
        yield Ask(app, client)


Counting = Callable[[], AbstractAsyncContextManager[list[str]]]


@pytest.fixture
def counting(app: Litestar) -> Counting:
    """`async with counting() as statements` lists what the application sends to PostgreSQL meanwhile."""
    services = app.state.services
    return lambda: sent_through(services.pool, services.routing.reading)


Heard = Callable[[], Awaitable[None]]


@pytest.fixture
def heard(app: Litestar) -> Heard:
    """Wait until the application has heard of every change before now: it hears of them in their order."""
    services = app.state.services

    async def hear() -> None:
        answers = services.answers
        async with asyncio.timeout(PATIENCE_S):
            while not answers.is_told:
                await asyncio.sleep(0.01)
            mark = Answer(body=b"", media_type="", tags=frozenset({"mark"}), made_at_s=time.monotonic())
            answers.put("mark", mark, since=answers.changes)
            await services.pool.execute("SELECT pg_notify('segue_changes', 'mark')")
            while answers.get("mark", now_s=time.monotonic()):
                await asyncio.sleep(0.001)

    return hear


@pytest.fixture
def connect(app: Litestar) -> Callable[..., Socket]:
    """Open a WebSocket; keyword arguments are headers, with underscores for hyphens."""

    def open_socket(**headers: str) -> Socket:
        return Socket(app, {"host": "graph.test", **{name.replace("_", "-"): v for name, v in headers.items()}})

    return open_socket
