"""Records of images in memory: which files an image has, and what each of them has to be.

A record never changes once an image is ready, so an entry needs no expiry. An image that was drawn before there were
records has none, and nothing says that it will not come: that is asked again every time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias
from uuid import UUID

from origin.errors import NotThere
from origin.image import ImageRecord
from origin.reads.cache import Cache
from origin.reads.flights import Flights

ROOM_BYTES = 2 * 1024 * 1024
"""A thousand images: the covers that are looked at, as long as there is no CDN to keep them."""

FILE_BYTES = 180
"""Measured: a file of a record with its digest, and its place in a tuple."""

Load: TypeAlias = Callable[[UUID], Awaitable[ImageRecord]]


class Images:
    """A cache in front of `load`, which reads the record of an image."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._cache: Cache[UUID, ImageRecord] = Cache(ROOM_BYTES)
        self._flights: Flights[UUID, ImageRecord] = Flights()

    async def find(self, image_id: UUID) -> ImageRecord | None:
        """Answer from memory or by `load`, whose errors are passed on; None for an image without a record."""
        held = self._cache.get(image_id)
        if held is not None:
            return held
        try:
            return await self._flights.join(image_id, lambda: self._read(image_id))
        except NotThere:
            return None

    async def close(self) -> None:
        """End what is under way."""
        await self._flights.close()

    async def _read(self, image_id: UUID) -> ImageRecord:
        record = await self._load(image_id)
        self._cache.put(image_id, record, size_bytes=FILE_BYTES * len(record.files))
        return record
