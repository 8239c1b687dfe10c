"""Until when each track of a playback is licensed to its listener.

Whoever manages a track needs no licence, nor does a track that has none; the others are asked for together
(`graph.licences.answers`), however many there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import msgspec
from valkey.asyncio import Valkey

from config.postgres import Pool
from graph.catalog.records import Track
from graph.licences.answers import ENDLESS_S, permissions
from graph.viewer import Viewer


class Listener(msgspec.Struct, frozen=True, kw_only=True):
    """Who plays, where and when."""

    viewer: Viewer
    market: str | None = None
    now_s: int


async def licensed_until_s(pool: Pool, valkey: Valkey, listener: Listener, tracks: Iterable[Track]) -> dict[UUID, int]:
    """The second until which each may be played, :data:`ENDLESS_S` for ever; no entry for one that may not be now."""
    free: set[UUID] = set()
    licensed: set[UUID] = set()
    for track in tracks:
        owned = listener.viewer.may_manage(track.owner_id)
        (free if track.markets is None or owned else licensed).add(track.id)
    asked = await permissions(pool, valkey, sorted(licensed), market=listener.market, now_s=listener.now_s)
    return dict.fromkeys(free, ENDLESS_S) | asked
