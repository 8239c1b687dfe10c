"""Whether a listener may play licensed tracks now: asked of PostgreSQL, remembered in Valkey for a short while.

Rules. What is remembered is a permission, for one track and one market, with the second until which it may be used:
half a minute, and never longer than the licence runs. A refusal is always asked anew, so what a list shows can be
played. Who changes licences has a track's permissions forgotten after the commit; one that was being written just then
lives for its half minute. Losing all of it costs one statement for each playback, and a Valkey that hangs a blink.

Not here: tracks without licences, and owners and admins, who need no permission (`graph.playback.service`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

import msgspec
from valkey.asyncio import Valkey
from valkey.exceptions import ValkeyError

from config.logs import logger
from config.postgres import Pool

KEPT_S = 30
"""Short enough that nobody has to wait for a permission to be forgotten that was written at the wrong moment."""
PATIENCE_S = 0.25
ENDLESS_S = 2**40
UNKNOWN_MARKET = "-"

RUNNING = """
SELECT licence.track_id, nullif(max(licence.ends_at), 'infinity') AS ends_at FROM licences AS licence
WHERE licence.track_id = ANY($1::uuid[]) AND licence.market = ANY(ARRAY['*', $2::text])
    AND licence.starts_at <= $3::timestamptz AND licence.ends_at > $3::timestamptz
GROUP BY licence.track_id
"""

T = TypeVar("T")

log = logger(__name__)


class Permission(msgspec.Struct, frozen=True, array_like=True):
    """A track may be played until `licensed_until_s`; this may be believed until `good_until_s`."""

    good_until_s: int
    licensed_until_s: int


async def permissions(
    pool: Pool, valkey: Valkey, tracks: Sequence[UUID], *, market: str | None, now_s: int
) -> dict[UUID, int]:
    """Until which second each licensed track may be played, :data:`ENDLESS_S` for ever; no entry: not now."""
    if not tracks:
        return {}
    remembered = await _remembered(valkey, tracks, market=market, now_s=now_s)
    asked = [track_id for track_id in tracks if track_id not in remembered]
    if not asked:
        return remembered
    rows = await pool.fetch(RUNNING, asked, market, datetime.fromtimestamp(now_s, UTC))
    found = {row["track_id"]: _second(row["ends_at"]) for row in rows}
    if found:
        await _remember(valkey, found, market=market, now_s=now_s)
    return remembered | found


async def forget(valkey: Valkey, tracks: Iterable[UUID]) -> None:
    """Ask for these tracks anew, in every market."""
    keys = [_key(track_id) for track_id in tracks]
    if keys:
        await _patiently(valkey.delete(*keys), otherwise=0)


async def _remembered(valkey: Valkey, tracks: Sequence[UUID], *, market: str | None, now_s: int) -> dict[UUID, int]:
    pipe = valkey.pipeline(transaction=False)
    for track_id in tracks:
        pipe.hget(_key(track_id), market or UNKNOWN_MARKET)
    texts: list[bytes | None] = await _patiently(pipe.execute(), otherwise=[None] * len(tracks))
    held = {
        track_id: msgspec.json.decode(text, type=Permission)
        for track_id, text in zip(tracks, texts, strict=True)
        if text is not None
    }
    return {key: one.licensed_until_s for key, one in held.items() if now_s < one.good_until_s}


async def _remember(valkey: Valkey, found: Mapping[UUID, int], *, market: str | None, now_s: int) -> None:
    pipe = valkey.pipeline(transaction=False)
    for track_id, licensed_until_s in found.items():
        permission = Permission(min(now_s + KEPT_S, licensed_until_s), licensed_until_s)
        pipe.hset(_key(track_id), market or UNKNOWN_MARKET, msgspec.json.encode(permission).decode())
        # What counts is the second inside; this only has the key go away one day.
        pipe.expire(_key(track_id), KEPT_S)
    await _patiently(pipe.execute(), otherwise=None)


async def _patiently(answer: Awaitable[T], *, otherwise: T) -> T:
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await answer
    except (OSError, ValkeyError, TimeoutError) as error:
        log.warning("licences not remembered", cause=type(error).__name__)
        return otherwise


def _second(ends_at: datetime | None) -> int:
    return ENDLESS_S if ends_at is None else int(ends_at.timestamp())


def _key(track_id: UUID) -> str:
    return f"segue:licences:{track_id}"
