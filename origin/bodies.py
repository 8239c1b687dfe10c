"""Bodies: the bytes of what was found, read as they are needed.

A header or a segment is read at once, and the next one ahead, for the listener who will ask for it in a moment. Of a
whole file the first part is read, and the others while they are sent, so that memory holds one of them however long the
file is.

Not here: where bytes come from (`origin.reads`), which of them are wanted (`origin.responses`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Protocol
from uuid import UUID

from origin.image import ImageFormat
from origin.leaving import Left, unless_left
from origin.ranges import Span
from origin.reads.block import Block
from origin.reads.whole import WholeObject
from origin.resources import Media
from origin.responses import Reply

PART_BYTES = 512 * 1024
"""Of a whole file, what is read at once. A server holds some ten of them for a client that reads slowly."""


class Bytes(Protocol):
    """What is needed of `origin.reads.reader.Reader`."""

    def held(self, block: Block) -> bytes | None: ...

    async def block(self, block: Block) -> bytes: ...

    def ahead(self, block: Block) -> None: ...

    async def read(self, file: WholeObject, span: Span) -> bytes: ...

    async def image(self, image_id: UUID, size_px: int, image_format: ImageFormat) -> bytes: ...

    async def ping(self) -> None: ...


class Bodies:
    """Reads what answers are made of. Its coroutines raise what those of `store` do."""

    def __init__(self, store: Bytes) -> None:
        self._store = store

    async def content(self, media: Media, left: Left | None) -> bytes:
        """The bytes of a header or a segment; the next one is on its way when they are there. Raises ClientGone."""
        content = self.held(media)
        if content is None:
            reading = self._store.block(media.block)
            content = await (reading if left is None else unless_left(reading, left))
            self._ahead(media)
        return content

    def held(self, media: Media) -> bytes | None:
        """The same, of what is in memory."""
        content = self._store.held(media.block)
        if content is not None:
            self._ahead(media)
        return content

    async def begun(self, file: WholeObject, reply: Reply) -> tuple[bytes, AsyncIterator[bytes] | None]:
        """The first part of what is asked of a whole file, and the others, if there are any."""
        first, *others = [*_parts(reply)] or [b""]
        return await self._piece(file, first), self._read_on(file, others) if others else None

    async def _read_on(self, file: WholeObject, pieces: list[bytes | Span]) -> AsyncIterator[bytes]:
        for piece in pieces:
            yield await self._piece(file, piece)

    async def _piece(self, file: WholeObject, piece: bytes | Span) -> bytes:
        return piece if isinstance(piece, bytes) else await self._store.read(file, piece)

    def _ahead(self, media: Media) -> None:
        if media.following is not None:
            self._store.ahead(media.following)


def cut(reply: Reply, content: bytes) -> bytes:
    """What is asked of content that is there."""
    return b"".join(piece if isinstance(piece, bytes) else content[piece.start : piece.end] for piece in reply.pieces)


def _parts(reply: Reply) -> Iterator[bytes | Span]:
    """The pieces of a whole file, none longer than what memory is meant to hold of it."""
    for piece in reply.pieces:
        yield from (piece,) if isinstance(piece, bytes) else piece.parts(PART_BYTES)
