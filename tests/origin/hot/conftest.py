"""A service over memory, the hot path beside it, and a real server around both."""

import asyncio
import io
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest

from edge.terms import NO_TERMS, Terms
from edge.token import mint
from origin.asgi import Application
from origin.cors import Cors
from origin.descriptors import Descriptors
from origin.errors import NotThere
from origin.hot.answers import Answers
from origin.hot.lines import JsonLines
from origin.hot.state import HotState
from origin.layout import asset_directory, revision_directory
from origin.lookup import Lookup
from origin.protected import Protected
from origin.protection.derived import DerivedKeys
from origin.reads.cache import Cache
from origin.server import server_of
from origin.service import Service
from origin.withdrawals import Offered, Withdrawals

SECRET = bytes(range(32))
NOW_S = 1_800_000_000


class Clock:
    """Unix seconds that a test moves."""

    def __init__(self) -> None:
        self.now_s = float(NOW_S)

    def __call__(self) -> float:
        return self.now_s


class Memory:
    """The store, and what the reader would hold of it; `held_back` is read and never held."""

    def __init__(self, recording) -> None:
        self.recording = recording
        self.objects = recording.objects()
        self.cache: Cache[str, bytes] = Cache(64 * 1024 * 1024)
        self.ahead_of: list[str] = []
        self.withdrawn = False

    def held(self, block):
        return self.cache.get(block.sha256)

    async def block(self, block):
        await asyncio.sleep(0)
        data = block.checked(self.objects[block.key][block.span.start : block.span.end])
        self.cache.put(block.sha256, data, size_bytes=len(data))
        return data

    def ahead(self, block):
        self.ahead_of.append(block.sha256)

    async def asset(self, asset_id, revision):
        if (asset_id, revision) != (self.recording.asset.asset_id, self.recording.asset.revision):
            raise NotThere("no descriptor")
        return self.recording.asset

    async def is_withdrawn(self, _):
        return self.withdrawn


class Counted(Answers):
    """Counts what it has given."""

    given = 0

    def find(self, plain):
        found = super().find(plain)
        self.given += found is not None
        return found


class Bench(NamedTuple):
    """One process of an origin, but for its sockets."""

    memory: Memory
    withdrawals: Withdrawals
    service: Service
    answers: Answers
    log: io.BytesIO
    application: Application


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make_bench(recording, clock) -> Callable[..., Bench]:
    def make(kind: type[Answers] = Counted, *, allowed_origins: frozenset[str] | None = None) -> Bench:
        memory, cors, keys = Memory(recording), Cors(allowed_origins=allowed_origins), {"k1": SECRET}
        withdrawals = Withdrawals(memory.is_withdrawn, clock=clock)
        withdrawals.followed()
        service = Service(
            store=memory,
            lookup=Lookup(
                store=memory,
                descriptors=Offered(Descriptors(memory.asset, room_bytes=1_000_000), withdrawals),
                protected=Protected(provider=DerivedKeys(SECRET), cache=memory.cache, segments_per_period=1),
                keys=keys,
                manifest_max_age_s=10,
                clock=clock,
            ),
            cors=cors,
        )

        @asynccontextmanager
        async def opened():
            yield service

        answers, log = kind(keys=keys, cors=cors, clock=clock), io.BytesIO()
        hot = HotState(answers=answers, lines=JsonLines(log, process="origin", clock=clock))
        return Bench(memory, withdrawals, service, answers, log, Application(opened, hot))

    return make


@pytest.fixture
def path(recording) -> Callable[..., str]:
    place = recording.asset.asset_id, recording.asset.revision

    def path(name: str, *, lifetime_s: int = 600, terms: Terms = NO_TERMS, secret: bytes = SECRET) -> str:
        token = mint(
            key_id="k1",
            secret=secret,
            directory=asset_directory(place[0]),
            expires_at_s=NOW_S + lifetime_s,
            terms=terms,
        )
        return f"/{token}/{revision_directory(*place)}{name}"

    return path


@asynccontextmanager
async def serving(bench: Bench) -> AsyncIterator[int]:
    """The port of a server around the bench, as `origin.server` makes one."""
    # Named TCP: only then does asyncio's own loop, on which tests run, switch Nagle's algorithm off as uvloop does.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    server = server_of(bench.application)
    task = asyncio.create_task(server._serve([listener]))
    while not server.started:
        assert not task.done()
        await asyncio.sleep(0.001)
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await task


@pytest.fixture
def serve() -> Callable[[Bench], object]:
    return serving


@pytest.fixture
def ask() -> Callable[..., object]:
    async def ask(port: int, *pieces: bytes) -> bytes:
        """Everything that comes back for these bytes, until the server closes."""
        async with asyncio.timeout(60), connected(port) as (reader, writer):
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(0)
            return await reader.read()

    return ask


@pytest.fixture
def ask_in_turn() -> Callable[..., object]:
    async def ask_in_turn(port: int, *requests: bytes) -> list[bytes]:
        """The answers to these requests on one connection, each asked for when the one before is there."""
        async with asyncio.timeout(60), connected(port) as (reader, writer):
            return [await answered(reader, writer, request) for request in requests]

    return ask_in_turn


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> bytes:
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"\r\ncontent-length: (\d+)\r\n", head)
    has_body = length is not None and not request.startswith(b"HEAD ") and b" 304 " not in head[:16]
    return head + (await reader.readexactly(int(length[1])) if has_body else b"")
