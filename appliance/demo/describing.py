"""What the demo's bands say of their records beside the tags: the kind of release, genres, who plays.

Written by the same functions as an artist's page writes it, once the library is there. Said again, it changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from appliance.demo.albums import Album
from appliance.demo.library import Piece
from config.postgres import Pool
from graph.accounts.records import User
from graph.catalog.changes import AlbumChange, TrackChange, update_album, update_track
from graph.catalog.credits import Credit, CreditRole
from graph.viewer import Viewer

FIND: Final = """
SELECT track.isrc, track.id, track.artist_id, track.album_id
FROM tracks AS track JOIN artists AS artist ON artist.id = track.artist_id
WHERE artist.owner_id = $1 AND track.isrc = ANY($2::text[])
"""


async def describe(pool: Pool, artist: User, pieces: Sequence[Piece]) -> None:
    """Write it to those pieces that are there."""
    viewer = Viewer(user_id=artist.id, role=artist.role, token_expires_at_s=0)
    found = {row["isrc"]: row for row in await pool.fetch(FIND, artist.id, [piece.isrc for piece in pieces])}
    held = [(piece, found[piece.isrc]) for piece in pieces if piece.isrc in found]
    for piece, row in held:
        credits_ = [Credit(role=CreditRole.PERFORMER, name=piece.album.artist, artist_id=row["artist_id"])]
        change = TrackChange(genres=piece.album.genres, credits=credits_)
        await update_track(pool, viewer, track_id=row["id"], change=change)
    albums: dict[UUID, Album] = {row["album_id"]: piece.album for piece, row in held if row["album_id"] is not None}
    for album_id, album in albums.items():
        await update_album(pool, viewer, album_id=album_id, change=AlbumChange(type=album.type, genres=album.genres))
