"""Withdrawing a track: nobody may play it from now on, not even by a URL that was given out; and taking that back.

The catalogue says so at once, and new playbacks are refused. What origins have to be told is promised in the same
transaction and tried right afterwards; when the store or Valkey is away just then, a worker does it within half a
minute (`ingest.lifecycle.housekeeping`). Both mutations may be repeated: they promise again.

Not here: how it is carried out (`config.withdrawals`), what an origin makes of it (`origin.withdrawals`).
"""

from __future__ import annotations

import asyncio
from uuid import UUID

import asyncpg
from valkey.asyncio import Valkey

from config import withdrawals
from config.errors import ServiceUnavailable
from config.logs import logger
from config.objects import ObjectStore
from config.postgres import Connection, Pool
from graph.catalog import sql
from graph.catalog.records import Track, track_of
from graph.errors import Forbidden, ProblemCode, refused
from graph.viewer import Viewer
from origin.asset import withdrawal_key

PATIENCE_S = 5.0
"""What the artist waits for; a worker goes on from there."""

LOCK = "SELECT id FROM tracks WHERE id = $1 FOR UPDATE"
# The first withdrawal is the one that counts.
WITHDRAW = "UPDATE tracks SET withdrawn_at = coalesce(withdrawn_at, now()) WHERE id = $1"
REINSTATE = "UPDATE tracks SET withdrawn_at = NULL WHERE id = $1"

log = logger(__name__)


async def withdraw(pool: Pool, viewer: Viewer, *, track_id: UUID) -> Track:
    """Withdraw a track that the viewer manages. Raises Forbidden, Refused."""
    async with pool.acquire() as connection, connection.transaction():
        track = await _managed(connection, viewer, track_id)
        await connection.execute(WITHDRAW, track_id)
        await withdrawals.promise(connection, track.asset_id, withdrawn=True)
        return await _track(connection, track_id)


async def reinstate(pool: Pool, viewer: Viewer, *, track_id: UUID) -> Track:
    """Offer a track again that the viewer manages. Raises Forbidden, Refused."""
    async with pool.acquire() as connection, connection.transaction():
        track = await _managed(connection, viewer, track_id)
        await connection.execute(REINSTATE, track_id)
        await withdrawals.promise(connection, track.asset_id, withdrawn=False)
        return await _track(connection, track_id)


async def carry_out(pool: Pool, store: ObjectStore, valkey: Valkey, asset_id: UUID) -> None:
    """Do at once what was promised, as far as the services are there; nothing is raised."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            await withdrawals.settle(pool, store, valkey, asset_id, key_of=withdrawal_key)
    except (ServiceUnavailable, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
        log.warning("withdrawal left to a worker", asset_id=str(asset_id), cause=type(error).__name__)


async def _managed(connection: Connection, viewer: Viewer, track_id: UUID) -> Track:
    await connection.execute(LOCK, track_id)
    track = await _track(connection, track_id)
    if not viewer.may_manage(track.owner_id):
        raise Forbidden("This belongs to another artist.")
    return track


async def _track(connection: Connection, track_id: UUID) -> Track:
    row = await connection.fetchrow(sql.TRACKS, [track_id])
    if row is None:
        raise refused(ProblemCode.NOT_FOUND, "trackId")
    return track_of(row)
