"""Descriptors in memory: read once, kept while there is room, asked for by many at once.

A descriptor never changes under its revision, so an entry needs no expiry: manifests go on while the store is away. The
room is counted in segments, because they are what a descriptor's size grows with (four hours of audio have 900 times
the segments of a jingle). The entry that was used longest ago goes first.

Concurrent misses of one descriptor share one read. The read is a task of its own: a listener who hangs up while
waiting does not take the answer from the others. A failed read is not kept; who comes later tries again.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TypeAlias
from uuid import UUID

from origin.asset import Asset

ROOM_SEGMENTS = 250_000
"""At some 150 bytes a segment about 40 MB a process: a thousand tracks of four minutes in four renditions."""

Key: TypeAlias = tuple[UUID, int]
Load: TypeAlias = Callable[[UUID, int], Awaitable[Asset]]


class Descriptors:
    """A cache in front of `load`, which reads the descriptor of an asset's revision."""

    def __init__(self, load: Load, *, room_segments: int = ROOM_SEGMENTS) -> None:
        self._load = load
        self._room_segments = room_segments
        self._held_segments = 0
        self._held: OrderedDict[Key, Asset] = OrderedDict()
        self._reading: dict[Key, asyncio.Task[Asset]] = {}

    async def get(self, asset_id: UUID, revision: int) -> Asset:
        """Answer from memory or by `load`, whose errors are passed on."""
        key = (asset_id, revision)
        held = self._held.get(key)
        if held is not None:
            self._held.move_to_end(key)
            return held
        task = self._reading.get(key)
        if task is None:
            task = self._reading[key] = asyncio.create_task(self._read(key))
            task.add_done_callback(_look)
        return await asyncio.shield(task)

    async def _read(self, key: Key) -> Asset:
        try:
            asset = await self._load(*key)
        finally:
            del self._reading[key]
        self._keep(key, asset)
        return asset

    def _keep(self, key: Key, asset: Asset) -> None:
        self._held[key] = asset
        self._held_segments += _segments(asset)
        while self._held_segments > self._room_segments:
            _, oldest = self._held.popitem(last=False)
            self._held_segments -= _segments(oldest)


def _segments(asset: Asset) -> int:
    return sum(len(rendition.segments) for rendition in asset.renditions)


def _look(task: asyncio.Task[Asset]) -> None:
    """Take note of the error of a read whose waiters have all hung up, which asyncio would complain about."""
    if not task.cancelled():
        task.exception()
