"""The object store as the origin sees it, at one endpoint: descriptors, blocks and parts of files, with our errors.

Nothing leaves here that was not checked: a descriptor carries its digest, a block and each part of a whole file have
theirs in the descriptor. Deadlines and second attempts: `origin.reads.endpoints`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from config.errors import ObjectMissing, ServiceUnavailable
from config.objects import ObjectStore
from origin import image
from origin.asset import Asset, InvalidDescriptor, decode
from origin.errors import NotThere, StoreAway, WrongBytes
from origin.image import ImageRecord, InvalidRecord, record_key
from origin.layout import descriptor_key, withdrawal_key
from origin.ranges import Span
from origin.reads.block import Block
from origin.reads.whole import WholeObject

PING_LIMIT_S = 2.0
"""A health check that takes longer is answered too late for whoever asked."""


class Store:
    """Reads one bucket at one endpoint. Every method raises StoreAway when there is no answer."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    async def asset(self, asset_id: UUID, revision: int) -> Asset:
        """Read a descriptor. Raises NotThere, WrongBytes, StoreAway."""
        key = descriptor_key(asset_id, revision)
        with _translated():
            data = await self._objects.read(key)
        try:
            asset = decode(data)
        except InvalidDescriptor as error:
            raise WrongBytes(f"{key}: {error}") from error
        # A token opens the directory of the path, and what is read from there on follows from the descriptor.
        if (asset.asset_id, asset.revision) != (asset_id, revision):
            raise WrongBytes(f"{key}: describes revision {asset.revision} of {asset.asset_id}")
        return asset

    async def block(self, block: Block) -> bytes:
        """Read a header or a segment. Raises NotThere, WrongBytes, StoreAway."""
        with _translated():
            return block.checked(await self._objects.read_range(block.key, block.span.start, block.span.length))

    async def read(self, file: WholeObject, span: Span) -> bytes:
        """Read some bytes of a whole file. Raises NotThere, WrongBytes, StoreAway."""
        around = file.around(span)
        with _translated():
            data = await self._objects.read_range(file.key, around.start, around.length)
        return file.checked(span, data)

    async def image(self, image_id: UUID) -> ImageRecord:
        """Read the record of an image. Raises NotThere, WrongBytes, StoreAway."""
        key = record_key(image_id)
        data = await self.whole(key)
        try:
            record = image.decode(data)
        except InvalidRecord as error:
            raise WrongBytes(f"{key}: {error}") from error
        if record.image_id != image_id:
            raise WrongBytes(f"{key}: describes {record.image_id}")
        return record

    async def whole(self, key: str) -> bytes:
        """Read a small object to its end. Raises NotThere, StoreAway."""
        with _translated():
            return await self._objects.read(key)

    async def withdrawn(self, asset_id: UUID) -> bool:
        """Whether an asset's marker is there. Raises StoreAway."""
        try:
            await self.whole(withdrawal_key(asset_id))
        except NotThere:
            return False
        return True

    async def ping(self) -> None:
        """Raises StoreAway, after two seconds at the latest."""
        with _translated():
            async with asyncio.timeout(PING_LIMIT_S):
                await self._objects.ping()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ObjectMissing as error:
        raise NotThere(str(error)) from error
    except ServiceUnavailable as error:
        raise StoreAway(str(error)) from error
    except TimeoutError as error:
        raise StoreAway(f"no answer from the object store within {PING_LIMIT_S} s") from error
