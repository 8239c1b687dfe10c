"""Room for a number of clients at once. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class Room:
    """As many places as it is given."""

    def __init__(self, places: int) -> None:
        self._free = places

    @contextmanager
    def entered(self) -> Iterator[bool]:
        """Whether there was a free place; it is taken until the end of the block."""
        if self._free <= 0:
            yield False
            return
        self._free -= 1
        try:
            yield True
        finally:
            self._free += 1
