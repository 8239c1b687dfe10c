"""Writing licences: the whole of a track's at once, so that saying the same twice changes nothing.

Only what differs is written, and a licence that stays keeps its id. `tracks.markets` follows by a trigger of the
database. Lists follow at once; what was remembered for playback is forgotten after the commit
(`graph.licences.answers`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from valkey.asyncio import Valkey

from config.postgres import Connection, Pool
from config.transactions import begun_again
from graph.catalog.held import hold_track
from graph.keys import new_key
from graph.licences import answers
from graph.licences.rules import Grant, Licence, checked
from graph.viewer import Viewer

_GIVEN = """
    SELECT given.id, given.track_id, given.market, coalesce(given.starts_at, '-infinity') AS starts_at,
           coalesce(given.ends_at, 'infinity') AS ends_at
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[])
        AS given (id, track_id, market, starts_at, ends_at)
"""
# $1 to $5 the licences in columns; $6 the tracks whose licences they are.
DELETE_OTHERS = f"""
WITH given AS ({_GIVEN})
DELETE FROM licences AS held WHERE held.track_id = ANY($6::uuid[]) AND NOT EXISTS (
    SELECT FROM given WHERE given.track_id = held.track_id AND given.market = held.market
        AND given.starts_at = held.starts_at AND given.ends_at = held.ends_at
)
"""  # noqa: S608 -- the part is the constant above
INSERT_NEW = f"""
INSERT INTO licences (id, track_id, market, starts_at, ends_at) {_GIVEN} ON CONFLICT DO NOTHING
"""


@begun_again
async def set_licences(pool: Pool, valkey: Valkey, viewer: Viewer, *, track_id: UUID, grants: list[Grant]) -> None:
    """Make these the licences of a track that the viewer manages; none: everywhere. Raises Forbidden, Refused."""
    licences = checked(grants, field=("licences",))
    async with pool.acquire() as connection, connection.transaction():
        await hold_track(connection, viewer, track_id)
        await write(connection, {track_id: licences})
    await answers.forget(valkey, [track_id])


async def write(connection: Connection, licences: Mapping[UUID, Iterable[Licence]]) -> None:
    """Make these the licences of their tracks, which the transaction has locked: two statements for all of them."""
    rows = [
        (new_key(), track_id, licence.market, licence.starts_at, licence.ends_at)
        for track_id, given in licences.items()
        for licence in given
    ]
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], [], []]
    await connection.execute(DELETE_OTHERS, *columns, list(licences))
    await connection.execute(INSERT_NEW, *columns)
