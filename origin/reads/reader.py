"""The reader: what the service asks for stored bytes.

A block is looked for in memory, then on the disk, then in the store, and what is found further away is kept nearer by.
All who want it meanwhile wait for the same flight. Parts of whole files are read and forgotten: they are long and
rarely asked for twice.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import UUID

from origin.asset import Asset
from origin.errors import NotThere
from origin.image import ImageFormat, image_key
from origin.ranges import Span
from origin.reads.block import Block
from origin.reads.cache import Cache
from origin.reads.disk import Disk
from origin.reads.endpoints import Endpoints
from origin.reads.flights import Flights
from origin.reads.images import Images
from origin.reads.room import Room
from origin.reads.whole import WholeObject


class Reader:
    """Reads of one process; `clock` is monotonic.

    All but `held` and `ahead` raise StoreAway, WrongBytes, NotThere and Busy.
    """

    def __init__(
        self,
        *,
        endpoints: Endpoints,
        cache: Cache[str, bytes],
        room: Room,
        disk: Disk | None,
        clock: Callable[[], float],
    ) -> None:
        self._endpoints = endpoints
        self._cache = cache
        self._room = room
        self._disk = disk
        self._flights: Flights[str, bytes] = Flights()
        self._images = Images(lambda image_id: endpoints.ask(lambda store: store.image(image_id)), clock=clock)

    def held(self, block: Block) -> bytes | None:
        """Answer the block if it is in memory, and count that it was asked for; every request comes here first."""
        return self._cache.get(block.sha256)

    async def block(self, block: Block) -> bytes:
        """Read a block that was not in memory when it was asked for; it may be by now."""
        held = self._cache.peek(block.sha256)
        return await self._flights.join(block.sha256, partial(self._fetch, block)) if held is None else held

    def ahead(self, block: Block) -> None:
        """Begin to read a block that will be asked for soon, unless the store has enough to do."""
        if block.sha256 not in self._cache and self._room.is_ample:
            self._flights.ahead(block.sha256, partial(self._fetch, block))

    async def asset(self, asset_id: UUID, revision: int) -> Asset:
        """Read a descriptor."""
        return await self._endpoints.ask(lambda store: store.asset(asset_id, revision))

    async def withdrawn(self, asset_id: UUID) -> bool:
        """Whether an asset is withdrawn. A replica that lags behind may say what was so a while ago."""
        return await self._endpoints.ask(lambda store: store.withdrawn(asset_id))

    async def read(self, file: WholeObject, span: Span) -> bytes:
        """Read some bytes of a whole file."""
        with self._room.taken(file.around(span).length):
            return await self._endpoints.ask(lambda store: store.read(file, span))

    async def image(self, image_id: UUID, size_px: int, image_format: ImageFormat) -> bytes:
        """Answer a file of an image; of one that has no record yet, unchecked and unkept."""
        key, record = image_key(image_id, size_px, image_format), await self._images.find(image_id)
        if record is None:
            return await self._endpoints.ask(lambda store: store.whole(key))
        try:
            file = record.file(size_px, image_format)
        except KeyError:
            raise NotThere(key) from None
        block = Block(key=key, span=Span(start=0, length=file.byte_length), sha256=file.sha256)
        held = self.held(block)
        return await self.block(block) if held is None else held

    async def ping(self) -> None:
        """Raises StoreAway when no endpoint answers."""
        await self._endpoints.ping()

    async def close(self) -> None:
        """End what is under way."""
        await self._flights.close()
        await self._images.close()
        if self._disk is not None:
            await self._disk.close()

    async def _fetch(self, block: Block) -> bytes:
        data = await self._disk.read(block) if self._disk is not None else None
        if data is None:
            with self._room.taken(block.span.length):
                data = await self._endpoints.ask(lambda store: store.block(block))
            if self._disk is not None:
                self._disk.keep(block, data)
        self._cache.put(block.sha256, data, size_bytes=len(data))
        return data
