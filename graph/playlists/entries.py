"""Rules of a playlist's entries: adding several, removing and moving them, each as a whole or not at all.

An entry keeps its id for as long as it is in the playlist, wherever it is moved to, and one track may have several.
Places are named by entries, never by numbers, so a place means the same whatever others do. Positions are `position`'s;
when a gap is used up, all of the playlist's are written anew, in their order.

Every function runs in a transaction of its own and keeps the order of locks of `graph.playlists.service`.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from config.postgres import Connection, Pool
from config.transactions import begun_again
from graph.catalog.visibility import TRACK, bound
from graph.errors import Problem, ProblemCode, Refused, refused
from graph.idempotency import Attempt, once
from graph.keys import new_key
from graph.playlists.position import between, spread
from graph.playlists.records import MAX_AT_ONCE, MAX_ENTRIES, Added, End, Held, Place
from graph.playlists.service import locked, written
from graph.viewer import Viewer

# A lock that holds off a deletion and nothing else. In the order of their keys, as whoever deletes them takes them.
HOLD_TRACKS = "SELECT id FROM tracks WHERE id = ANY($1::uuid[]) ORDER BY id FOR KEY SHARE"
_PUBLISHED = bound(TRACK, viewer_id="$2::uuid", is_admin="$3::boolean", market="$4::text", now="now()")
VISIBLE = f"SELECT track.id FROM tracks AS track WHERE track.id = ANY($1::uuid[]) AND {_PUBLISHED}"  # noqa: S608 -- a constant

COUNT = "SELECT count(*) FROM playlist_entries WHERE playlist_id = $1"
OF_PLAYLIST = "SELECT id FROM playlist_entries WHERE playlist_id = $1 AND id = ANY($2::uuid[])"
INSERT = """
INSERT INTO playlist_entries (id, playlist_id, track_id, position, added_by)
SELECT new.id, $1, new.track_id, new.position, $5 FROM unnest($2::uuid[], $3::uuid[], $4::text[])
    AS new (id, track_id, position)
"""
DELETE = "DELETE FROM playlist_entries WHERE playlist_id = $1 AND id = ANY($2::uuid[])"
MOVE = """
UPDATE playlist_entries AS entry SET position = moved.position
FROM unnest($2::uuid[], $3::text[]) AS moved (id, position) WHERE entry.id = moved.id AND entry.playlist_id = $1
"""
IN_ORDER = "SELECT id FROM playlist_entries WHERE playlist_id = $1 ORDER BY position"

# $1 the playlist, $2 entries that are about to leave their place, $3 the entry that names a place.
FIRST = "SELECT min(position) FROM playlist_entries WHERE playlist_id = $1 AND id <> ALL($2::uuid[])"
LAST = "SELECT max(position) FROM playlist_entries WHERE playlist_id = $1 AND id <> ALL($2::uuid[])"
AT = "SELECT position FROM playlist_entries WHERE playlist_id = $1 AND id = $2"
NEXT_BELOW = f"{LAST} AND position < $3"
NEXT_ABOVE = f"{FIRST} AND position > $3"


@begun_again
async def add_entries(
    pool: Pool,
    viewer: Viewer,
    *,
    playlist_id: UUID,
    revision: int | None,
    track_ids: Sequence[UUID],
    place: Place,
    market: str | None,
    attempt: Attempt | None = None,
) -> Added:
    """Put tracks that the viewer may see into a playlist, in their order. Raises Forbidden, Refused."""
    _require_some(track_ids, field="trackIds")

    async def write() -> Added:
        await _hold_visible(connection, viewer, track_ids, market)
        held = await locked(connection, viewer, playlist_id=playlist_id, revision=revision)
        if await connection.fetchval(COUNT, held.id) + len(track_ids) > MAX_ENTRIES:
            raise refused(ProblemCode.PLAYLIST_FULL, "trackIds", f"A playlist has {MAX_ENTRIES} entries at most.")
        added = tuple(new_key() for _ in track_ids)
        positions, respread = await _positions(connection, held, place, count=len(added), leaving=())
        await connection.execute(INSERT, held.id, added, track_ids, positions, viewer.user_id)
        return Added(entry_ids=added, revision=await written(connection, held, came=(*respread, *added)))

    async with pool.acquire() as connection, connection.transaction():
        return await once(connection, attempt, Added, write)


@begun_again
async def move_entries(
    pool: Pool, viewer: Viewer, *, playlist_id: UUID, revision: int, entry_ids: Sequence[UUID], place: Place
) -> int:
    """Put entries elsewhere, side by side in the order given; answers the new revision. Raises Forbidden, Refused."""
    _require_some(entry_ids, field="entryIds")
    async with pool.acquire() as connection, connection.transaction():
        held = await locked(connection, viewer, playlist_id=playlist_id, revision=revision)
        await _require_entries(connection, held, entry_ids)
        if {place.before, place.after} & set(entry_ids):
            raise refused(ProblemCode.INVALID_VALUE, "place", "An entry cannot be put beside itself.")
        positions, respread = await _positions(connection, held, place, count=len(entry_ids), leaving=entry_ids)
        await connection.execute(MOVE, held.id, entry_ids, positions)
        return await written(connection, held, came=(*respread, *entry_ids))


@begun_again
async def remove_entries(
    pool: Pool, viewer: Viewer, *, playlist_id: UUID, revision: int, entry_ids: Sequence[UUID]
) -> int:
    """Take entries out; answers the new revision. Raises Forbidden, Refused."""
    _require_some(entry_ids, field="entryIds")
    async with pool.acquire() as connection, connection.transaction():
        held = await locked(connection, viewer, playlist_id=playlist_id, revision=revision)
        await _require_entries(connection, held, entry_ids)
        await connection.execute(DELETE, held.id, entry_ids)
        return await written(connection, held, went=entry_ids)


def _require_some(given: Sequence[UUID], *, field: str) -> None:
    if not given:
        raise refused(ProblemCode.REQUIRED, field)
    if len(given) > MAX_AT_ONCE:
        raise refused(ProblemCode.TOO_LONG, field, f"At most {MAX_AT_ONCE} at once.")


async def _hold_visible(connection: Connection, viewer: Viewer, track_ids: Sequence[UUID], market: str | None) -> None:
    """Keep the tracks from being deleted until this is over. Raises Refused, with the place of each unknown one."""
    await connection.execute(HOLD_TRACKS, track_ids)
    rows = await connection.fetch(VISIBLE, track_ids, viewer.user_id, viewer.is_admin, market)
    _require_known(track_ids, {row["id"] for row in rows}, field="trackIds")


async def _require_entries(connection: Connection, held: Held, entry_ids: Sequence[UUID]) -> None:
    if len(set(entry_ids)) < len(entry_ids):
        raise refused(ProblemCode.INVALID_VALUE, "entryIds", "Name each entry once.")
    rows = await connection.fetch(OF_PLAYLIST, held.id, entry_ids)
    _require_known(entry_ids, {row["id"] for row in rows}, field="entryIds")


def _require_known(given: Sequence[UUID], known: set[UUID], *, field: str) -> None:
    message = (
        "This names nothing that you may put here." if field == "trackIds" else "This is no entry of the playlist."
    )
    problems = [
        Problem(ProblemCode.NOT_FOUND, (field, str(place)), message)
        for place, key in enumerate(given)
        if key not in known
    ]
    if problems:
        raise Refused(*problems)


async def _positions(
    connection: Connection, held: Held, place: Place, *, count: int, leaving: Sequence[UUID]
) -> tuple[list[str], list[UUID]]:
    """`count` positions at a place, and the entries whose own were written anew to make room. Raises Refused."""
    found = between(*await _neighbours(connection, held, place, leaving), count)
    if found is not None:
        return found, []
    entries = [row["id"] for row in await connection.fetch(IN_ORDER, held.id)]
    await connection.execute(MOVE, held.id, entries, spread(len(entries)))
    found = between(*await _neighbours(connection, held, place, leaving), count)
    return found or [], [entry for entry in entries if entry not in set(leaving)]


async def _neighbours(
    connection: Connection, held: Held, place: Place, leaving: Sequence[UUID]
) -> tuple[str | None, str | None]:
    """The positions between which a place is. Raises Refused."""
    if place.end is End.START:
        return None, await connection.fetchval(FIRST, held.id, leaving)
    anchor = place.before or place.after
    if anchor is None:
        return await connection.fetchval(LAST, held.id, leaving), None
    at: str | None = await connection.fetchval(AT, held.id, anchor)
    if at is None:
        field = "before" if place.before else "after"
        raise Refused(Problem(ProblemCode.NOT_FOUND, ("place", field), "This is no entry of the playlist."))
    if place.before:
        return await connection.fetchval(NEXT_BELOW, held.id, leaving, at), at
    return at, await connection.fetchval(NEXT_ABOVE, held.id, leaving, at)
