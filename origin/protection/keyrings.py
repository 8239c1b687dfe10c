"""Keyrings in memory: asked for once a content, kept while there is room.

A keyring never changes, so an entry needs no expiry; a key server that is away stops nothing that was played lately.
The room is counted in keys. The entry that was used longest ago goes first. Who wants the same keyring at the same time
shares one question to the provider.
"""

from __future__ import annotations

from collections import OrderedDict

from origin.protection.keys import Content, KeyProvider, Keyring
from origin.reads.flights import Flights

ROOM_KEYS = 20_000
"""At about a kilobyte a key with its tags, 20 MB a process."""


class Keyrings:
    """A cache in front of a provider, and a provider itself."""

    def __init__(self, provider: KeyProvider, *, room_keys: int = ROOM_KEYS) -> None:
        self._provider = provider
        self._room_keys = room_keys
        self._held_keys = 0
        self._held: OrderedDict[Content, Keyring] = OrderedDict()
        self._asking: Flights[Content, Keyring] = Flights()

    async def keyring(self, content: Content) -> Keyring:
        """Answer from memory or from the provider, whose errors are passed on and not kept."""
        held = self._held.get(content)
        if held is None:
            return await self._asking.join(content, lambda: self._ask(content))
        self._held.move_to_end(content)
        return held

    async def _ask(self, content: Content) -> Keyring:
        keyring = await self._provider.keyring(content)
        self._held[content] = keyring
        self._held_keys += len(keyring.keys)
        while self._held_keys > self._room_keys:
            _, oldest = self._held.popitem(last=False)
            self._held_keys -= len(oldest.keys)
        return keyring
