"""Withdrawals on their way from the catalogue to the origins.

Theory of operation. When a track is withdrawn, by itself or with its release, or that is taken back, triggers of the
database write a row of `withdrawals` in the transaction of the change. Whoever comes first carries it out
(`settle`): a marker in the object store is written or removed, which an origin finds that looks the asset up, and then
running origins are told over Valkey, so that they need not look. The row goes last: what was interrupted is done again,
and all of it may be done twice.

The row is locked meanwhile, so that of two changes of one asset the later one has the last word. Valkey away: the
marker stands, the row stays, and origins that have lost Valkey look again by themselves (`origin.withdrawals`).

Not here: where the marker lies (`origin.layout`), who may withdraw what (`graph.catalog.withdrawal`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias
from uuid import UUID

import msgspec
from valkey.asyncio import Valkey
from valkey.exceptions import ValkeyError

from config.errors import ServiceUnavailable
from config.objects import ObjectStore
from config.postgres import Pool

CHANNEL = "segue:withdrawals"
"""The Valkey channel that every origin process follows."""

MARKER = b"withdrawn\n"
"""That it is there says everything; this is for whoever looks into the bucket."""

PROMISED = "SELECT asset_id FROM withdrawals ORDER BY asset_id"
TAKE = "SELECT withdrawn FROM withdrawals WHERE asset_id = $1 FOR UPDATE"
DONE = "DELETE FROM withdrawals WHERE asset_id = $1"

KeyOf: TypeAlias = Callable[[UUID], str]
"""Where the marker of an asset lies: `origin.layout.withdrawal_key`."""


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """What origins are told."""

    asset_id: UUID
    withdrawn: bool


async def settle(pool: Pool, store: ObjectStore, valkey: Valkey, asset_id: UUID, *, key_of: KeyOf) -> None:
    """Keep what is promised of one asset, if anything is. Raises ServiceUnavailable."""
    async with pool.acquire() as connection, connection.transaction():
        withdrawn = await connection.fetchval(TAKE, asset_id)
        if withdrawn is None:
            return
        if withdrawn:
            await store.write(key_of(asset_id), MARKER, content_type="text/plain")
        else:
            await store.delete(key_of(asset_id))
        await _announce(valkey, Announcement(asset_id=asset_id, withdrawn=withdrawn))
        await connection.execute(DONE, asset_id)


async def settle_all(pool: Pool, store: ObjectStore, valkey: Valkey, *, key_of: KeyOf) -> int:
    """Keep all promises, and return how many there were. Raises ServiceUnavailable once each was tried."""
    promised = await pool.fetch(PROMISED)
    failure: ServiceUnavailable | None = None
    for row in promised:
        try:
            await settle(pool, store, valkey, row["asset_id"], key_of=key_of)
        except ServiceUnavailable as error:  # one that the store refuses holds up none of the others
            failure = error
    if failure is not None:
        raise failure
    return len(promised)


async def _announce(valkey: Valkey, announcement: Announcement) -> None:
    try:
        await valkey.publish(CHANNEL, msgspec.json.encode(announcement))
    except (OSError, ValkeyError, TimeoutError) as error:
        raise ServiceUnavailable("Valkey", type(error).__name__) from error
