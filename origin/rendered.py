"""Manifests in memory: written and compressed once, then answered from here while they are asked for.

A manifest follows from a descriptor, which never changes under its revision, so an entry needs no expiry. What differs
from listener to listener is not in the key: of a token and a query only what they leave of the ladder counts, so a tier
is one entry however many listeners it has, and queries that mean the same are one entry too.

The room is counted in bytes. The entry that was used longest ago goes first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

from origin.resources import Resource, Written

ROOM_BYTES = 32 * 1024 * 1024
"""A playlist of four minutes has 4 kB and 0.6 kB compressed: more manifests than there are descriptors in memory."""

ENTRY_BYTES = 1024
"""What an entry takes beside its content, for the smallest ones."""


class Rendered:
    """A cache of resources that hold their own bytes."""

    def __init__(self, *, room_bytes: int = ROOM_BYTES) -> None:
        self._room_bytes = room_bytes
        self._held_bytes = 0
        self._held: OrderedDict[Hashable, Resource] = OrderedDict()

    def held(self, key: Hashable) -> bytes | None:
        """The content of a manifest that is in memory."""
        resource = self._held.get(key)
        if resource is None or not isinstance(resource.body, Written):
            return None
        self._held.move_to_end(key)
        return resource.body.content

    def get(self, key: Hashable, write: Callable[[], Resource]) -> Resource:
        """Answer from memory or by `write`, whose errors are passed on and not kept."""
        held = self._held.get(key)
        if held is not None:
            self._held.move_to_end(key)
            return held
        resource = self._held[key] = write()
        self._held_bytes += _room(resource)
        while self._held_bytes > self._room_bytes:
            _, oldest = self._held.popitem(last=False)
            self._held_bytes -= _room(oldest)
        return resource


def _room(resource: Resource) -> int:
    return resource.body.size + ENTRY_BYTES
