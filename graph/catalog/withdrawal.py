"""Withdrawing: nobody may play a track from now on, not even by a URL that was given out; and taking that back.

A track is withdrawn by itself (`withdraw`, `reinstate`) or with its release (`ReleaseState.WITHDRAWN`), and the origins
have it again once it is neither. The catalogue says so at once, and new playbacks are refused. What origins have to be
told is promised in the same transaction, by triggers of the database, for whatever withdraws a track, changes the state
of a release or moves a track to another one. It is tried right afterwards; when the store or Valkey is away
just then, a worker does it within half a minute (`ingest.lifecycle.housekeeping`). Both mutations may be repeated: they
promise again.

Not here: how it is carried out (`config.withdrawals`), what an origin makes of it (`origin.withdrawals`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from uuid import UUID

import asyncpg
from valkey.asyncio import Valkey

from config import withdrawals
from config.errors import ServiceUnavailable
from config.logs import logger
from config.objects import ObjectStore
from config.postgres import Pool
from config.transactions import begun_again
from graph.catalog.held import hold_track
from graph.catalog.records import Track
from graph.viewer import Viewer
from origin.layout import withdrawal_key

PATIENCE_S = 5.0
"""What the artist waits for; a worker goes on from there."""

# Releases come before their tracks in the order of locks, and the trigger that promises asks for this one.
LOCK_RELEASE = "SELECT FROM albums WHERE id = (SELECT album_id FROM tracks WHERE id = $1) FOR SHARE"
# The first withdrawal is the one that counts.
WITHDRAW = "UPDATE tracks SET withdrawn_at = coalesce(withdrawn_at, now()) WHERE id = $1"
REINSTATE = "UPDATE tracks SET withdrawn_at = NULL WHERE id = $1"
PROMISED_OF_RELEASE = """
SELECT promised.asset_id FROM withdrawals AS promised JOIN tracks AS track ON track.asset_id = promised.asset_id
WHERE track.album_id = $1 ORDER BY promised.asset_id
"""

log = logger(__name__)


async def withdraw(pool: Pool, viewer: Viewer, *, track_id: UUID) -> Track:
    """Withdraw a track that the viewer manages. Raises Forbidden, Refused."""
    return await _change(pool, viewer, WITHDRAW, track_id)


async def reinstate(pool: Pool, viewer: Viewer, *, track_id: UUID) -> Track:
    """Take back that a track of the viewer's was withdrawn by itself. Raises Forbidden, Refused."""
    return await _change(pool, viewer, REINSTATE, track_id)


async def carry_out(pool: Pool, store: ObjectStore, valkey: Valkey, asset_id: UUID) -> None:
    """Do at once what was promised, as far as the services are there; nothing is raised."""
    await _patiently(withdrawals.settle(pool, store, valkey, asset_id, key_of=withdrawal_key))


async def carry_out_release(pool: Pool, store: ObjectStore, valkey: Valkey, album_id: UUID) -> None:
    """The same for all tracks of a release."""
    await _patiently(_settle_release(pool, store, valkey, album_id))


async def _settle_release(pool: Pool, store: ObjectStore, valkey: Valkey, album_id: UUID) -> None:
    for row in await pool.fetch(PROMISED_OF_RELEASE, album_id):
        await withdrawals.settle(pool, store, valkey, row["asset_id"], key_of=withdrawal_key)


async def _patiently(work: Awaitable[None]) -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            await work
    except (ServiceUnavailable, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
        log.warning("withdrawal left to a worker", cause=type(error).__name__)


@begun_again
async def _change(pool: Pool, viewer: Viewer, statement: str, track_id: UUID) -> Track:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(LOCK_RELEASE, track_id)
        await hold_track(connection, viewer, track_id)
        await connection.execute(statement, track_id)
        return await hold_track(connection, viewer, track_id)
