"""Records of images in memory: which files an image has, and what each of them has to be.

Rules
- A record never changes once an image is ready, but an image may be deleted: what is in memory stands for `HELD_S`,
  then the store is asked whether it is still there. That the record is gone says that the image is.
- The store away: what was seen last stands, and it is asked again after `STALE_S`.
- An image that was drawn before there were records has none, and nothing says that it will not come: that is asked
  again every time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias
from uuid import UUID

from origin.errors import NotThere, OriginError
from origin.image import ImageRecord
from origin.reads.cache import Cache
from origin.reads.flights import Flights

ROOM_BYTES = 2 * 1024 * 1024
"""A thousand images: the covers that are looked at, as long as there is no CDN to keep them."""

FILE_BYTES = 180
"""Measured: a file of a record with its digest, and its place in a tuple."""

HELD_S = 60.0
"""How long a deleted image may still be served: one small read a minute for each that is looked at."""

STALE_S = 5.0
"""While the store is away, every image that is looked at asks for it this often."""

Load: TypeAlias = Callable[[UUID], Awaitable[ImageRecord]]
Clock: TypeAlias = Callable[[], float]


class _Held:
    """The record as it was seen last, None when it was gone, and until when it stands."""

    __slots__ = ("record", "until_s")

    def __init__(self, record: ImageRecord | None, until_s: float) -> None:
        self.record = record
        self.until_s = until_s


class Images:
    """A cache in front of `load`, which reads the record of an image; `clock` is monotonic."""

    def __init__(self, load: Load, *, clock: Clock) -> None:
        self._load = load
        self._clock = clock
        self._cache: Cache[UUID, _Held] = Cache(ROOM_BYTES)
        self._flights: Flights[UUID, ImageRecord] = Flights()

    async def find(self, image_id: UUID) -> ImageRecord | None:
        """Answer from memory or by `load`, whose errors are passed on; None for an image without a record."""
        held = self._cache.get(image_id)
        if held is not None and self._clock() < held.until_s:
            return held.record
        try:
            return await self._flights.join(image_id, lambda: self._look(image_id, held))
        except NotThere:
            return None

    async def close(self) -> None:
        """End what is under way."""
        await self._flights.close()

    async def _look(self, image_id: UUID, held: _Held | None) -> ImageRecord:
        """Read the record, and know it in `held` when it was in memory before."""
        try:
            record = await self._load(image_id)
        except NotThere:
            if held is not None:
                held.record = None
            raise
        except OriginError:
            if held is None or held.record is None:
                raise
            held.until_s = self._clock() + STALE_S
            return held.record
        self._hold(record, held)
        return record

    def _hold(self, record: ImageRecord, held: _Held | None) -> None:
        until_s = self._clock() + HELD_S
        if held is None:
            self._cache.put(record.image_id, _Held(record, until_s), size_bytes=FILE_BYTES * len(record.files))
        else:
            held.record, held.until_s = record, until_s
