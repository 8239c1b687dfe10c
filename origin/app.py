"""The one place where the origin process is wired."""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp
import msgspec

from config.objects import open_store
from config.settings import OriginSettings, ProtectionSettings, ReadSettings, S3Settings
from origin.announcements import followed
from origin.asgi import Application
from origin.cors import Cors, cors_of
from origin.descriptors import Descriptors
from origin.hot.answers import Answers
from origin.hot.lines import ConsoleLines, JsonLines, Lines
from origin.hot.state import HotState
from origin.lookup import Lookup
from origin.protected import Protected
from origin.protection.derived import DerivedKeys
from origin.protection.keys import KeyProvider
from origin.protection.speke import SpekeKeys
from origin.reads.cache import Cache
from origin.reads.disk import Disk
from origin.reads.endpoints import Endpoint, Endpoints
from origin.reads.reader import Reader
from origin.reads.room import Room
from origin.service import Service
from origin.store import Store
from origin.withdrawals import Offered, Withdrawals

CONNECTIONS = 256
"""To one endpoint: what is in flight is limited in bytes, which would be thousands of the smallest segments."""


def create_app(settings: OriginSettings) -> Application:
    """The ASGI application. Its connections are opened in its lifespan, in the loop that serves it."""
    keys = {key.key_id: bytes.fromhex(key.secret.reveal()) for key in settings.edge_keys}
    cors = cors_of(settings.allowed_origins)
    answers = Answers(keys=keys, cors=cors, clock=time.time)
    return Application(
        partial(open_service, settings, keys=keys, cors=cors), HotState(answers=answers, lines=open_lines())
    )


@asynccontextmanager
async def open_service(settings: OriginSettings, *, keys: Mapping[str, bytes], cors: Cors) -> AsyncIterator[Service]:
    """What answers requests, with everything that it stands on; `keys` are token secrets by key id."""
    cache: Cache[str, bytes] = Cache(settings.reads.segment_cache_bytes)
    async with (
        open_reader(settings, cache) as reader,
        open_withdrawals(settings, reader) as withdrawals,
        open_keys(settings.protection) as provider,
    ):
        descriptors = Descriptors(reader.asset, room_bytes=settings.reads.descriptor_cache_bytes)
        period = settings.protection.segments_per_period
        lookup = Lookup(
            store=reader,
            descriptors=Offered(descriptors, withdrawals),
            protected=Protected(provider=provider, cache=cache, segments_per_period=period),
            keys=keys,
            manifest_max_age_s=settings.manifest_max_age_s,
            clock=time.time,
        )
        yield Service(store=reader, lookup=lookup, cors=cors)


def open_lines() -> Lines:
    """Lines on standard error, as `config.logs` writes them there."""
    if sys.stderr.isatty():
        return ConsoleLines()
    return JsonLines(sys.stderr.buffer, process="origin", clock=time.time)


@asynccontextmanager
async def open_withdrawals(settings: OriginSettings, reader: Reader) -> AsyncIterator[Withdrawals]:
    """What is known of withdrawn assets, with an ear for announcements."""
    withdrawals = Withdrawals(reader.withdrawn, clock=time.monotonic)
    async with followed(settings.valkey, withdrawals):
        yield withdrawals


@asynccontextmanager
async def open_keys(settings: ProtectionSettings) -> AsyncIterator[KeyProvider]:
    """Whoever knows the keys of protected media: a key server when there is one, else our own secret."""
    if settings.content_key_secret is not None:
        yield DerivedKeys(bytes.fromhex(settings.content_key_secret.reveal()))
        return
    async with aiohttp.ClientSession() as session:
        yield SpekeKeys(session, url=settings.speke_url, authorization=settings.speke_authorization.reveal())


@asynccontextmanager
async def open_reader(settings: OriginSettings, cache: Cache[str, bytes]) -> AsyncIterator[Reader]:
    """The way to stored bytes: caches, then the primary and its replica."""
    reads = settings.reads
    addresses = [("primary", settings.s3)] + ([("replica", reads.replica)] if reads.replica else [])
    async with AsyncExitStack() as stack:
        endpoints = [Endpoint(name, await _open_endpoint(stack, address)) for name, address in addresses]
        reader = Reader(
            endpoints=Endpoints(endpoints, deadline_s=reads.deadline_s, clock=time.monotonic),
            cache=cache,
            room=Room(reads.in_flight_bytes),
            disk=await _open_disk(reads),
            clock=time.monotonic,
        )
        stack.push_async_callback(reader.close)
        yield reader


async def _open_endpoint(stack: AsyncExitStack, address: S3Settings) -> Store:
    wide = msgspec.structs.replace(address, connections=CONNECTIONS)
    return Store(await stack.enter_async_context(open_store(wide)))


async def _open_disk(reads: ReadSettings) -> Disk | None:
    if not reads.folder:
        return None
    disk = Disk(Path(reads.folder), room_bytes=reads.folder_bytes)
    await disk.open()
    return disk
