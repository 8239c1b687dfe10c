"""Adding to the catalogue: who may add what.

Rules: an artist belongs to the account that made it, or that it was handed over to (`graph.profiles`); a label
has several. Albums and tracks belong to their artist's owner; admins may do everything.

Not here: changing it (`graph.catalog.changes`), who sees what (`graph.catalog.visibility`).
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from config.postgres import Connection, Pool
from config.transactions import begun_again
from graph.catalog import sql
from graph.catalog.held import share_artist
from graph.catalog.isrc import normalise
from graph.catalog.records import Album, Artist, album_of
from graph.catalog.releases import ReleaseState, ReleaseType, require_schedule
from graph.check import Check
from graph.errors import Forbidden, ProblemCode, refused
from graph.idempotency import Attempt, once
from graph.keys import new_key
from graph.names import clean
from graph.search.text import index_text
from graph.viewer import Viewer

MAX_NUMBER = 999

INSERT_ARTIST = "INSERT INTO artists (id, owner_id, name, search_text) VALUES ($1, $2, $3, $4)"
INSERT_ALBUM = """
INSERT INTO albums (id, artist_id, title, search_text, release_date, type, state, live_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
SHARE_ALBUM = "SELECT FROM albums WHERE id = $1 FOR SHARE"
INSERT_TRACK = """
INSERT INTO tracks (id, artist_id, album_id, title, search_text, isrc, disc_number, track_number, explicit, asset_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""


@begun_again
async def create_artist(pool: Pool, viewer: Viewer, *, name: str, attempt: Attempt | None = None) -> UUID:
    """Add an artist, owned by the viewer. Raises Forbidden, Refused."""
    _require_publisher(viewer)
    key, kept = new_key(), clean(name, field="name")

    async def write() -> UUID:
        await connection.execute(INSERT_ARTIST, key, viewer.user_id, kept, index_text(kept))
        return key

    async with pool.acquire() as connection, connection.transaction():
        return await once(connection, attempt, UUID, write)


@begun_again
async def create_album(
    pool: Pool,
    viewer: Viewer,
    *,
    artist_id: UUID,
    title: str,
    release_date: date | None,
    type_: ReleaseType = ReleaseType.ALBUM,
    state: ReleaseState = ReleaseState.LIVE,
    live_at: datetime | None = None,
    attempt: Attempt | None = None,
) -> UUID:
    """Add an album to an artist of the viewer's. Raises Forbidden, Refused."""
    _require_publisher(viewer)
    key, check = new_key(), Check()
    kept = check(lambda: clean(title, field="title"), otherwise="")
    check(lambda: require_schedule(state, live_at), otherwise=None)
    check.require()

    async def write() -> UUID:
        artist = await share_artist(connection, viewer, artist_id)
        found_by = index_text(kept, artist.name)
        released = (release_date, type_.value, state.value, live_at)
        await connection.execute(INSERT_ALBUM, key, artist.id, kept, found_by, *released)
        return key

    async with pool.acquire() as connection, connection.transaction():
        return await once(connection, attempt, UUID, write)


@begun_again
async def create_track(
    pool: Pool,
    viewer: Viewer,
    *,
    artist_id: UUID,
    album_id: UUID | None,
    title: str,
    isrc: str | None,
    disc_number: int,
    track_number: int | None,
    explicit: bool,
    attempt: Attempt | None = None,
) -> UUID:
    """Add a track without media to an artist of the viewer's. Raises Forbidden, Refused."""
    _require_publisher(viewer)
    key, check = new_key(), Check()
    kept = check(lambda: clean(title, field="title"), otherwise="")
    code = check(lambda: normalise(isrc) if isrc else None, otherwise=None)
    check(lambda: require_number(disc_number, field="discNumber"), otherwise=None)
    check(lambda: require_number(track_number, field="trackNumber"), otherwise=None)
    check.require()

    async def write() -> UUID:
        artist = await share_artist(connection, viewer, artist_id)
        if album_id is not None:
            await connection.execute(SHARE_ALBUM, album_id)
        album = await owned_album(connection, artist, album_id)
        found_by = index_text(kept, artist.name, album.title if album else "")
        placed = (disc_number, track_number, explicit)
        await connection.execute(INSERT_TRACK, key, artist.id, album_id, kept, found_by, code, *placed, new_key())
        return key

    async with pool.acquire() as connection, connection.transaction():
        return await once(connection, attempt, UUID, write)


def _require_publisher(viewer: Viewer) -> None:
    if not viewer.may_publish:
        raise Forbidden("Only artists publish. Ask for an artist account.")


def require_number(number: int | None, *, field: str) -> None:
    """Raises Refused for a number that no disc and no track has."""
    if number is not None and not 1 <= number <= MAX_NUMBER:
        raise refused(ProblemCode.INVALID_VALUE, field, f"Between 1 and {MAX_NUMBER}.")


async def owned_album(connection: Connection, artist: Artist, album_id: UUID | None) -> Album | None:
    """An album that a track of this artist may be on. Raises Refused."""
    if album_id is None:
        return None
    row = await connection.fetchrow(sql.ALBUMS, [album_id])
    if row is None or not await _is_owned_together(connection, artist, row["artist_id"]):
        raise refused(ProblemCode.NOT_FOUND, "albumId", "The account that owns this artist has no such album.")
    return album_of(row)


async def _is_owned_together(connection: Connection, artist: Artist, other_id: UUID) -> bool:
    """Whether both artists are one account's: a compilation holds tracks of many artists (docs/decisions/0051)."""
    if other_id == artist.id:
        return True
    row = await connection.fetchrow(sql.ARTISTS, [other_id])
    return row is not None and row["owner_id"] == artist.owner_id
