"""Telling change feeds what can be heard no longer, or again.

A client that keeps a copy of a library shows what its last answer held. Licences begin and end and releases come out
by the clock, without a write that anybody could hear of; others are granted, withdrawn and taken back by somebody else.
So each minute the windows that have opened or closed since the last look are noted (`upkeep`), beside what triggers
note of writes; and everybody who likes such a track, has it in a playlist, or has saved its album, finds it in the
feed as changed. It may be so in another market alone: the client reads it anew and sees what it is there now.

Feeds are told in portions, each a transaction. What is told of is held so that nobody takes it off the shelf meanwhile,
for the feed would say last that it is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from config.postgres import Connection
from config.transactions import begun_again
from graph.changes.ledger import record_changes
from graph.changes.records import Change, ChangeKind

TRACK = "track_availability"
ALBUM = "album_availability"
BEHIND = timedelta(seconds=5)
"""Another server's clock may be behind ours by so much: who asks there right away is not to see the old state."""
AT_ONCE = 1_000
"""Tracks or albums in one run; at midnight many licences end."""
PORTION = 1_000
"""Feeds in one transaction: some tens of milliseconds."""
Place = tuple[UUID, UUID]
BEGINNING: Place = (UUID(int=0), UUID(int=0))

SEEN_UNTIL = "SELECT until FROM windows_seen FOR UPDATE"
MOVE_ON = "UPDATE windows_seen SET until = $1"
# $1 and $2 the span; the bounds at infinity are those of the indexes.
NOTE_TRACKS = f"""
INSERT INTO upkeep (kind, subject_id, noted_at)
SELECT '{TRACK}', track_id, $2 FROM (
    SELECT track_id FROM licences WHERE starts_at > $1 AND starts_at <= $2 AND starts_at > '-infinity'
    UNION SELECT track_id FROM licences WHERE ends_at > $1 AND ends_at <= $2 AND ends_at < 'infinity'
) AS passed WHERE track_is_kept(track_id) ORDER BY track_id
ON CONFLICT (kind, subject_id) DO UPDATE SET noted_at = excluded.noted_at
"""  # noqa: S608 -- the part is a constant
NOTE_ALBUMS = f"""
INSERT INTO upkeep (kind, subject_id, noted_at)
SELECT '{ALBUM}', id, $2 FROM albums WHERE live_at > $1 AND live_at <= $2 ORDER BY id
ON CONFLICT (kind, subject_id) DO UPDATE SET noted_at = excluded.noted_at
"""  # noqa: S608 -- as above
NOTE_TRACKS_OF_ALBUMS = f"""
INSERT INTO upkeep (kind, subject_id, noted_at)
SELECT '{TRACK}', id, $2 FROM tracks WHERE album_id = ANY($1::uuid[]) AND track_is_kept(id) ORDER BY id
ON CONFLICT (kind, subject_id) DO UPDATE SET noted_at = excluded.noted_at
"""  # noqa: S608 -- as above

# An album of which nothing may be heard is not there, so what becomes of a track may open or close its album.
ALBUMS_OF_TRACKS = """
SELECT DISTINCT album_id FROM tracks WHERE id = ANY($1::uuid[]) AND album_id IS NOT NULL ORDER BY album_id
"""

NOTED = "SELECT subject_id, noted_at FROM upkeep WHERE kind = $1 ORDER BY noted_at LIMIT $2"
DONE = """
DELETE FROM upkeep USING unnest($2::uuid[], $3::timestamptz[]) AS done (subject_id, noted_at)
WHERE upkeep.kind = $1 AND upkeep.subject_id = done.subject_id AND upkeep.noted_at = done.noted_at
"""

# Of $1, up to $4 behind the place ($2, $3): whose feed it is, the key of what has changed, and the place of the row.
LIKED = """
SELECT user_id, track_id, track_id, user_id FROM liked_tracks
WHERE track_id = ANY($1::uuid[]) AND (track_id, user_id) > ($2, $3)
ORDER BY track_id, user_id LIMIT $4 FOR KEY SHARE
"""
ENTERED = """
SELECT playlist.owner_id, entry.id, entry.track_id, entry.id
FROM playlist_entries AS entry JOIN playlists AS playlist ON playlist.id = entry.playlist_id
WHERE entry.track_id = ANY($1::uuid[]) AND (entry.track_id, entry.id) > ($2, $3)
ORDER BY entry.track_id, entry.id LIMIT $4 FOR KEY SHARE OF entry
"""
SAVED = """
SELECT user_id, album_id, album_id, user_id FROM saved_albums
WHERE album_id = ANY($1::uuid[]) AND (album_id, user_id) > ($2, $3)
ORDER BY album_id, user_id LIMIT $4 FOR KEY SHARE
"""


async def tell_availability(connection: Connection, now: datetime) -> bool:
    """Tell what has come or gone until now; whether that was all."""
    await _note(connection, until=now - BEHIND)
    albums = await connection.fetch(NOTED, ALBUM, AT_ONCE)
    keys = [row["subject_id"] for row in albums]
    await _tell(connection, SAVED, ChangeKind.SAVED_ALBUM, keys)
    await connection.execute(NOTE_TRACKS_OF_ALBUMS, keys, now)
    await _done(connection, ALBUM, albums)
    tracks = await connection.fetch(NOTED, TRACK, AT_ONCE)
    keys = [row["subject_id"] for row in tracks]
    await _tell(connection, LIKED, ChangeKind.LIKED_TRACK, keys)
    await _tell(connection, ENTERED, ChangeKind.PLAYLIST_ENTRY, keys)
    held = [row["album_id"] for row in await connection.fetch(ALBUMS_OF_TRACKS, keys)]
    await _tell(connection, SAVED, ChangeKind.SAVED_ALBUM, held)
    await _done(connection, TRACK, tracks)
    return len(albums) < AT_ONCE and len(tracks) < AT_ONCE


async def _note(connection: Connection, *, until: datetime) -> None:
    """Note what has opened or closed since the last look."""
    async with connection.transaction():
        since = await connection.fetchval(SEEN_UNTIL)
        if since < until:
            await connection.execute(NOTE_TRACKS, since, until)
            await connection.execute(NOTE_ALBUMS, since, until)
            await connection.execute(MOVE_ON, until)


async def _tell(connection: Connection, keepers: str, kind: ChangeKind, subjects: Sequence[UUID]) -> None:
    place = BEGINNING
    while subjects:
        rows = await _tell_portion(connection, keepers, kind, subjects, place)
        if not rows:
            return
        # A portion that is not full may not be the last: somebody may have let go while its row was waited for.
        place = (rows[-1][2], rows[-1][3])


@begun_again
async def _tell_portion(
    connection: Connection, keepers: str, kind: ChangeKind, subjects: Sequence[UUID], place: Place
) -> Sequence[asyncpg.Record]:
    async with connection.transaction():
        rows = await connection.fetch(keepers, subjects, *place, PORTION)
        await record_changes(
            connection, [Change(user_id=user_id, kind=kind, key=key, deleted=False) for user_id, key, *_ in rows]
        )
        return rows


async def _done(connection: Connection, kind: str, noted: Sequence[asyncpg.Record]) -> None:
    await connection.execute(DONE, kind, [row["subject_id"] for row in noted], [row["noted_at"] for row in noted])
