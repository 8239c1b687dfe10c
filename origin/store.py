"""The object store as the origin sees it: descriptors and parts of track files, with a deadline and our errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from config.errors import ObjectMissing, ServiceUnavailable
from config.objects import ObjectStore
from origin.asset import Asset, InvalidDescriptor, decode, descriptor_key
from origin.errors import DamagedAsset, NotThere, StoreAway
from origin.ranges import Span

PING_LIMIT_S = 2.0
"""A health check that takes longer is answered too late for whoever asked."""


class Store:
    """Reads one bucket. Every method raises StoreAway when an answer takes longer than `deadline_s`."""

    def __init__(self, objects: ObjectStore, *, deadline_s: float) -> None:
        self._objects = objects
        self._deadline_s = deadline_s

    async def asset(self, asset_id: UUID, revision: int) -> Asset:
        """Read a descriptor. Raises NotThere, DamagedAsset, StoreAway."""
        key = descriptor_key(asset_id, revision)
        async with _translated(self._deadline_s):
            data = await self._objects.read(key)
        try:
            asset = decode(data)
        except InvalidDescriptor as error:
            raise DamagedAsset(f"{key}: {error}") from error
        # A token opens the directory of the path, and what is read from there on follows from the descriptor.
        if (asset.asset_id, asset.revision) != (asset_id, revision):
            raise DamagedAsset(f"{key}: describes revision {asset.revision} of {asset.asset_id}")
        return asset

    async def read(self, key: str, span: Span) -> bytes:
        """Read a part of a track file. Raises NotThere, DamagedAsset, StoreAway."""
        async with _translated(self._deadline_s):
            data = await self._objects.read_range(key, span.start, span.length)
        if len(data) != span.length:
            raise DamagedAsset(f"{key}: {len(data)} of the {span.length} bytes from {span.start} are there")
        return data

    async def whole(self, key: str) -> bytes:
        """Read a small object to its end. Raises NotThere, StoreAway."""
        async with _translated(self._deadline_s):
            return await self._objects.read(key)

    async def ping(self) -> None:
        """Raises StoreAway, after two seconds at the latest."""
        async with _translated(min(self._deadline_s, PING_LIMIT_S)):
            await self._objects.ping()


@asynccontextmanager
async def _translated(limit_s: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(limit_s):
            yield
    except ObjectMissing as error:
        raise NotThere(str(error)) from error
    except ServiceUnavailable as error:
        raise StoreAway(str(error)) from error
    except TimeoutError as error:
        raise StoreAway(f"no answer from the object store within {limit_s} s") from error
