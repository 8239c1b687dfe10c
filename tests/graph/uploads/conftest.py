"""A desk that takes uploads, and an artist with a track to upload for."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import aiohttp
import pytest

from config.objects import ObjectStore
from config.postgres import Pool
from graph.viewer import Role, Viewer
from tests.graph.uploads.desk import Desk


@pytest.fixture
async def desk(pool: Pool, store: ObjectStore) -> AsyncIterator[Desk]:
    async with aiohttp.ClientSession() as http:
        yield Desk(pool, store, http)
    await asyncio.sleep(0)


@pytest.fixture
async def artist(add_user) -> Viewer:
    return await add_user(Role.ARTIST)


@pytest.fixture
async def track(add_track, artist) -> UUID:
    return await add_track(artist)
