"""Everywhere that tracks and their albums are listed: a genre, a library, a playlist, a chart."""

from datetime import UTC, datetime
from random import Random
from typing import NamedTuple
from uuid import UUID

from config.postgres import Pool
from graph import ids
from graph.keys import new_key
from graph.listening.charts import write_daily
from graph.viewer import Viewer

ADD_ALBUMS = """
INSERT INTO albums (id, artist_id, title, search_text) SELECT id, $2, 'Rivers', 'rivers' FROM unnest($1::uuid[]) AS id
"""
FILL_ALBUMS = """
UPDATE tracks SET album_id = given.album, track_number = given.number
FROM unnest($1::uuid[], $2::uuid[], $3::int[]) AS given (id, album, number) WHERE tracks.id = given.id
"""
ADD_GENRE = "INSERT INTO genres (id, slug, name) VALUES ($1, 'folk', 'Folk')"
TAG_TRACKS = "INSERT INTO track_genres SELECT $2, id, 0 FROM unnest($1::uuid[]) AS id"
TAG_ALBUMS = "INSERT INTO album_genres SELECT $2, id, 0 FROM unnest($1::uuid[]) AS id"
LIKE = "INSERT INTO liked_tracks SELECT $2, id, '' FROM unnest($1::uuid[]) AS id"
SAVE = "INSERT INTO saved_albums SELECT $2, id, '' FROM unnest($1::uuid[]) AS id"
# Somebody else's, for who may edit one sees in it what cannot be played, too.
ADD_PLAYLIST = """
INSERT INTO playlists (id, owner_id, name, folded_name, public)
SELECT $1, owner_id, 'Theirs', 'theirs', true FROM artists WHERE id = $2
"""
ADD_ENTRIES = """
INSERT INTO playlist_entries (id, playlist_id, track_id, position)
SELECT id, $2, id, to_char(number, 'FM00000000') FROM unnest($1::uuid[]) WITH ORDINALITY AS given (id, number)
"""
# Heard, so that the chart is written of it.
HEAR = """
INSERT INTO track_hours (hour, market, track_id, plays)
SELECT date_trunc('hour', now()), 'SE', id, 1 FROM unnest($1::uuid[]) AS id
"""


class Shelves(NamedTuple):
    """Global ids of what lists tracks and albums."""

    names: dict[str, str]
    """Of the artist, the genre and the playlist."""
    albums: dict[str, list[str]]
    """The tracks of each, in their order; the last has none yet."""


async def shelve(pool: Pool, random: Random, *, artist: UUID, tracks: list[UUID], listener: Viewer) -> Shelves:
    """Put an artist's tracks on small albums, and everything onto every list."""
    homes = [key for _ in tracks for key in [new_key()] * random.randint(1, 3)][: len(tracks)]
    albums = [*dict.fromkeys(homes), new_key()]
    genre, playlist = new_key(), new_key()
    await pool.execute(ADD_ALBUMS, albums, artist)
    await pool.execute(FILL_ALBUMS, tracks, homes, list(range(1, len(tracks) + 1)))
    await pool.execute(ADD_GENRE, genre)
    await pool.execute(TAG_TRACKS, tracks, genre)
    await pool.execute(TAG_ALBUMS, albums, genre)
    await pool.execute(LIKE, tracks, listener.user_id)
    await pool.execute(SAVE, albums, listener.user_id)
    await pool.execute(ADD_PLAYLIST, playlist, artist)
    await pool.execute(ADD_ENTRIES, tracks, playlist)
    await pool.execute(HEAR, tracks)
    async with pool.acquire() as connection:
        await write_daily(connection, datetime.now(UTC))
    held: dict[str, list[str]] = {ids.encode("Album", key): [] for key in albums}
    for track, home in zip(tracks, homes, strict=True):
        held[ids.encode("Album", home)].append(ids.encode("Track", track))
    named = (("artist", "Artist", artist), ("genre", "Genre", genre), ("playlist", "Playlist", playlist))
    return Shelves({name: ids.encode(kind, key) for name, kind, key in named}, held)
