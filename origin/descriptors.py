"""Descriptors in memory: read once, kept while there is room, asked for by many at once.

A descriptor never changes under its revision, so an entry needs no expiry: manifests go on while the store is away.
Concurrent misses of one descriptor share one read. A failed read is not kept; who comes later tries again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias
from uuid import UUID

from origin.asset import Asset
from origin.reads.cache import Cache
from origin.reads.flights import Flights

SEGMENT_BYTES = 230
"""Measured: a record with its two numbers and its digest, its place in a tuple, and where it begins."""

PART_BYTES = 90
"""Measured: a digest of a part of a whole file, and its place in a tuple."""

RENDITION_BYTES = 1500
"""Measured: a rendition or a whole file with its loudness, and its share of the asset."""

Key: TypeAlias = tuple[UUID, int]
Load: TypeAlias = Callable[[UUID, int], Awaitable[Asset]]


class Descriptors:
    """A cache in front of `load`, which reads the descriptor of an asset's revision."""

    def __init__(self, load: Load, *, room_bytes: int) -> None:
        self._load = load
        self._cache: Cache[Key, Asset] = Cache(room_bytes)
        self._flights: Flights[Key, Asset] = Flights()

    def held(self, asset_id: UUID, revision: int) -> Asset | None:
        """Answer from memory, and count that it was asked for."""
        return self._cache.get((asset_id, revision))

    async def get(self, asset_id: UUID, revision: int) -> Asset:
        """Answer from memory or by `load`, whose errors are passed on."""
        key = (asset_id, revision)
        held = self._cache.get(key)
        return await self._flights.join(key, lambda: self._read(key)) if held is None else held

    async def _read(self, key: Key) -> Asset:
        asset = await self._load(*key)
        self._cache.put(key, asset, size_bytes=size_bytes(asset))
        return asset


def size_bytes(asset: Asset) -> int:
    """About what a descriptor takes in memory."""
    files = len(asset.renditions) + len(asset.progressive)
    segments = sum(len(rendition.segments) for rendition in asset.renditions)
    parts = sum(len(file.part_sha256s) for file in asset.progressive)
    return RENDITION_BYTES * files + SEGMENT_BYTES * segments + PART_BYTES * parts
