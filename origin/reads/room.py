"""Room: how many bytes may be on their way from the store at once; who comes beyond that is told to come back.

Memory holds what is being read beside what is cached, so the limit is one of bytes. Nobody queues here: behind a store
that has become slow, a queue would only make everybody wait for what the first of them gave up long ago.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from origin.errors import Busy


class Room:
    """What is taken of a number of bytes; one read always fits, however large it is."""

    def __init__(self, room_bytes: int) -> None:
        self._room_bytes = room_bytes
        self._taken_bytes = 0

    @property
    def is_ample(self) -> bool:
        """Whether more than half is left: for what nobody waits for yet."""
        return self._taken_bytes * 2 < self._room_bytes

    @contextmanager
    def taken(self, size_bytes: int) -> Iterator[None]:
        """Take so many bytes while the block lasts. Raises Busy."""
        if self._taken_bytes and self._taken_bytes + size_bytes > self._room_bytes:
            raise Busy(f"{self._taken_bytes} bytes are being read")
        self._taken_bytes += size_bytes
        try:
            yield
        finally:
            self._taken_bytes -= size_bytes
