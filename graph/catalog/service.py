"""The rules of the catalogue: who may add what.

Rules: an artist belongs to the account that made it, or that it was handed over to (`graph.profiles`); a label
has several. Albums and tracks belong to their artist's owner; admins may do everything.

Not here: who sees what (`graph.catalog.visibility`).
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from config.postgres import Connection, Pool
from graph.catalog import sql
from graph.catalog.isrc import normalise
from graph.catalog.records import Album, Artist, Track, album_of, artist_of
from graph.catalog.releases import ReleaseState, ReleaseType, require_schedule
from graph.catalog.tables import AlbumTable, ArtistTable, TrackTable
from graph.errors import Forbidden, ProblemCode, refused
from graph.keys import new_key
from graph.names import clean
from graph.search.text import index_text
from graph.viewer import Viewer

MAX_NUMBER = 999


async def create_artist(viewer: Viewer, *, name: str) -> Artist:
    """Add an artist, owned by the viewer. Raises Forbidden, Refused."""
    _require_publisher(viewer)
    kept = clean(name, field="name")
    artist = Artist(id=new_key(), owner_id=viewer.user_id, name=kept)
    await ArtistTable.insert(
        ArtistTable(id=artist.id, owner_id=artist.owner_id, name=kept, search_text=index_text(kept))
    )
    return artist


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
) -> Album:
    """Add an album to an artist of the viewer's. Raises Forbidden, Refused."""
    _require_publisher(viewer)
    kept = clean(title, field="title")
    require_schedule(state, live_at)
    artist = await _managed_artist(pool, viewer, artist_id)
    album = Album(
        id=new_key(),
        artist_id=artist.id,
        title=kept,
        release_date=release_date,
        type=type_,
        state=state,
        live_at=live_at,
    )
    await AlbumTable.insert(
        AlbumTable(
            id=album.id,
            artist_id=artist.id,
            title=kept,
            release_date=release_date,
            type=type_.value,
            state=state.value,
            live_at=live_at,
            search_text=index_text(kept, artist.name),
        )
    )
    return album


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
) -> Track:
    """Add a track without media to an artist of the viewer's. Raises Forbidden, Refused."""
    _require_publisher(viewer)
    kept = clean(title, field="title")
    code = normalise(isrc) if isrc else None
    require_number(disc_number, field="discNumber")
    require_number(track_number, field="trackNumber")
    artist = await _managed_artist(pool, viewer, artist_id)
    album = await owned_album(pool, artist, album_id)
    track = Track(
        id=new_key(),
        artist_id=artist.id,
        album_id=album_id,
        owner_id=artist.owner_id,
        asset_id=new_key(),
        title=kept,
        isrc=code,
        disc_number=disc_number,
        track_number=track_number,
        explicit=explicit,
        image_id=None if album is None else album.image_id,
        media=None,
        ingest=None,
    )
    await TrackTable.insert(_row_of(track, found_by=(artist.name, album.title if album else "")))
    return track


def _row_of(track: Track, *, found_by: tuple[str, ...]) -> TrackTable:
    return TrackTable(
        id=track.id,
        artist_id=track.artist_id,
        album_id=track.album_id,
        title=track.title,
        isrc=track.isrc,
        disc_number=track.disc_number,
        track_number=track.track_number,
        explicit=track.explicit,
        search_text=index_text(track.title, *found_by),
        asset_id=track.asset_id,
    )


def _require_publisher(viewer: Viewer) -> None:
    if not viewer.may_publish:
        raise Forbidden("Only artists publish. Ask for an artist account.")


def require_number(number: int | None, *, field: str) -> None:
    """Raises Refused for a number that no disc and no track has."""
    if number is not None and not 1 <= number <= MAX_NUMBER:
        raise refused(ProblemCode.INVALID_VALUE, field, f"Between 1 and {MAX_NUMBER}.")


async def _managed_artist(pool: Pool, viewer: Viewer, artist_id: UUID) -> Artist:
    row = await pool.fetchrow(sql.ARTISTS, [artist_id])
    if row is None:
        raise refused(ProblemCode.NOT_FOUND, "artistId")
    artist = artist_of(row)
    if not viewer.may_manage(artist.owner_id):
        raise Forbidden("This artist belongs to another account.")
    return artist


async def owned_album(source: Pool | Connection, artist: Artist, album_id: UUID | None) -> Album | None:
    """An album that a track of this artist may be on. Raises Refused."""
    if album_id is None:
        return None
    row = await source.fetchrow(sql.ALBUMS, [album_id])
    if row is None or not await _is_owned_together(source, artist, row["artist_id"]):
        raise refused(ProblemCode.NOT_FOUND, "albumId", "The account that owns this artist has no such album.")
    return album_of(row)


async def _is_owned_together(source: Pool | Connection, artist: Artist, other_id: UUID) -> bool:
    """Whether both artists are one account's: a compilation holds tracks of many artists (docs/decisions/0051)."""
    if other_id == artist.id:
        return True
    row = await source.fetchrow(sql.ARTISTS, [other_id])
    return row is not None and row["owner_id"] == artist.owner_id
