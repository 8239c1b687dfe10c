"""Withdrawals on their way from the catalogue to the origins.

Theory of operation. Whoever withdraws a track, or takes that back, writes a row of `withdrawals` in the transaction of
the change (`promise`); for the tracks of a release, triggers of the database do. Whoever comes first carries it out
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
from config.postgres import Connection, Pool

CHANNEL = "segue:withdrawals"
"""The Valkey channel that every origin process follows."""

MARKER = b"withdrawn\n"
"""That it is there says everything; this is for whoever looks into the bucket."""

PROMISE = """
INSERT INTO withdrawals (asset_id, withdrawn) VALUES ($1, $2)
ON CONFLICT (asset_id) DO UPDATE SET withdrawn = excluded.withdrawn
"""
PROMISED = "SELECT asset_id FROM withdrawals ORDER BY asset_id"
TAKE = "SELECT withdrawn FROM withdrawals WHERE asset_id = $1 FOR UPDATE"
DONE = "DELETE FROM withdrawals WHERE asset_id = $1"

KeyOf: TypeAlias = Callable[[UUID], str]
"""Where the marker of an asset lies: `origin.layout.withdrawal_key`."""


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """What origins are told."""

    asset_id: UUID
    withdrawn: bool


async def promise(connection: Connection, asset_id: UUID, *, withdrawn: bool) -> None:
    """Promise that an asset is withdrawn, or offered again, in the transaction that is open."""
    await connection.execute(PROMISE, asset_id, withdrawn)


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
