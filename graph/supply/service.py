"""Taking a delivery: up to 10,000 tracks in one transaction, by as many statements for one as for all.

Rules. A row is the track of the account that has its key; without such a track, one that has its ISRC and no key of the
distributor's; else a new one. What a row leaves out stays as it is, so the same delivery a second time changes nothing.
Rows that cannot be written are reported, the others are written together or not at all. Deliveries of one account come
one after the other, and one is begun again when a track or release that it found has gone, or is another account's,
before it is locked. An album whose tracks have moved is measured again, by a job for each.

Not here: what a row has to be (`graph.supply.rules`), where it belongs (`graph.supply.places`), masters, which come by
uploads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from valkey.asyncio import Valkey

from config.errors import Overtaken
from config.postgres import Connection, Pool
from config.transactions import begun_again
from graph.catalog import descriptions
from graph.catalog.remeasuring import measure_again
from graph.errors import Forbidden, ProblemCode, refused
from graph.keys import new_key
from graph.licences import answers
from graph.licences import service as licences
from graph.search.text import index_text
from graph.supply.places import Place, places
from graph.supply.rules import MAX_TRACKS, Accepted, Rejection, Row, SuppliedTrack, examined
from graph.viewer import Viewer

LOCK_ACCOUNT = "SELECT pg_advisory_xact_lock(hashtextextended('segue:supply:' || $1::text, 0))"
FIND_BY_KEY = """
SELECT supplied.supply_key, track.id FROM supplied_tracks AS supplied
JOIN tracks AS track ON track.id = supplied.track_id JOIN artists AS artist ON artist.id = track.artist_id
WHERE supplied.account_id = $1 AND supplied.supply_key = ANY($2::text[]) AND artist.owner_id = $1
"""
FIND_BY_ISRC = """
SELECT DISTINCT ON (track.isrc) track.isrc, track.id
FROM tracks AS track JOIN artists AS artist ON artist.id = track.artist_id
WHERE track.isrc = ANY($2::text[]) AND artist.owner_id = $1
    AND NOT EXISTS (SELECT FROM supplied_tracks WHERE account_id = $1 AND track_id = track.id)
ORDER BY track.isrc, track.id
"""
LOCK_TRACKS = "SELECT FROM tracks WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"
LOCKED_TRACKS = """
SELECT track.id, track.album_id, album.title
FROM tracks AS track JOIN artists AS artist ON artist.id = track.artist_id
LEFT JOIN albums AS album ON album.id = track.album_id
WHERE track.id = ANY($1::uuid[]) AND artist.owner_id = $2
"""
_GIVEN = """
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::integer[], $8::integer[],
            $9::boolean[], $10::uuid[])
    AS given (id, artist_id, album_id, title, search_text, isrc, disc_number, track_number, explicit, asset_id)
"""
INSERT_TRACKS = f"""
INSERT INTO tracks (id, artist_id, album_id, title, search_text, isrc, disc_number, track_number, explicit, asset_id)
SELECT id, artist_id, album_id, title, search_text, isrc, coalesce(disc_number, 1), track_number,
       coalesce(explicit, false), asset_id
{_GIVEN}
"""
# A row that changes nothing writes nothing, so that nobody is told of it and no page of the table is touched.
UPDATE_TRACKS = f"""
UPDATE tracks AS track SET
    artist_id = given.artist_id, album_id = coalesce(given.album_id, track.album_id), title = given.title,
    search_text = given.search_text, isrc = coalesce(given.isrc, track.isrc),
    disc_number = coalesce(given.disc_number, track.disc_number),
    track_number = coalesce(given.track_number, track.track_number), explicit = coalesce(given.explicit, track.explicit)
{_GIVEN}
WHERE track.id = given.id AND (
    track.artist_id, track.album_id, track.title, track.search_text, track.isrc, track.disc_number, track.track_number,
    track.explicit
) IS DISTINCT FROM (
    given.artist_id, coalesce(given.album_id, track.album_id), given.title, given.search_text,
    coalesce(given.isrc, track.isrc), coalesce(given.disc_number, track.disc_number),
    coalesce(given.track_number, track.track_number), coalesce(given.explicit, track.explicit)
)
"""  # noqa: S608 -- the part is the constant above
NOTE_KEYS = """
INSERT INTO supplied_tracks (account_id, supply_key, track_id) SELECT $1, * FROM unnest($2::text[], $3::uuid[])
ON CONFLICT (account_id, supply_key) DO UPDATE SET track_id = excluded.track_id
WHERE supplied_tracks.track_id <> excluded.track_id
"""


class Delivered(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a delivery."""

    accepted: tuple[Accepted, ...]
    rejected: tuple[Rejection, ...]


class _Target(NamedTuple):
    """A row, and the track that it is."""

    row: Row
    track_id: UUID
    created: bool


@begun_again
async def upsert_tracks(pool: Pool, valkey: Valkey, viewer: Viewer, tracks: Sequence[SuppliedTrack]) -> Delivered:
    """Write what can be written of a delivery to the viewer's own artists. Raises Forbidden, Refused."""
    if not viewer.may_publish:
        raise Forbidden("Only artists and labels publish.")
    if not tracks:
        raise refused(ProblemCode.REQUIRED, "tracks", "Deliver at least one track.")
    if len(tracks) > MAX_TRACKS:
        raise refused(ProblemCode.TOO_LONG, "tracks", f"At most {MAX_TRACKS} tracks a call.")
    # Half a second for the longest delivery, in which the process goes on answering others.
    rows, rejections = await asyncio.to_thread(examined, tracks)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(LOCK_ACCOUNT, str(viewer.user_id))
        where, misplaced = await places(connection, viewer.user_id, rows)
        targets = await _targets(connection, viewer.user_id, [row for row in rows if row.index in where])
        await _write(connection, viewer.user_id, targets, where)
    await answers.forget(valkey, [one.track_id for one in targets if one.row.licences is not None])
    return Delivered(
        accepted=tuple(Accepted(index=row.index, track_id=key, created=created) for row, key, created in targets),
        rejected=tuple(sorted([*rejections, *misplaced], key=lambda one: one.index)),
    )


async def _targets(connection: Connection, account_id: UUID, rows: Sequence[Row]) -> list[_Target]:
    """The track of each row: by its key, else by its ISRC, which stands for one row alone, else a new one."""
    keys = [row.key for row in rows if row.key is not None]
    codes = [row.isrc for row in rows if row.isrc is not None]
    by_key = {row["supply_key"]: row["id"] for row in await connection.fetch(FIND_BY_KEY, account_id, keys)}
    by_isrc = {row["isrc"]: row["id"] for row in await connection.fetch(FIND_BY_ISRC, account_id, codes)}
    targets = []
    for row in rows:
        found = by_key.get(row.key) or by_isrc.pop(row.isrc, None)
        targets.append(_Target(row, found or new_key(), created=found is None))
    return targets


async def _write(
    connection: Connection, account_id: UUID, targets: Sequence[_Target], where: Mapping[int, Place]
) -> None:
    new = [one for one in targets if one.created]
    known = [one for one in targets if not one.created]
    locked = await _locked(connection, account_id, [one.track_id for one in known])
    titles = {row["id"]: row["title"] for row in locked}
    # In a thread, as the examination is: words are made of each title to be found by.
    await connection.execute(INSERT_TRACKS, *await asyncio.to_thread(_columns, new, where, titles))
    await connection.execute(UPDATE_TRACKS, *await asyncio.to_thread(_columns, known, where, titles))
    keyed = [one for one in targets if one.row.key is not None]
    await connection.execute(NOTE_KEYS, account_id, [one.row.key for one in keyed], [one.track_id for one in keyed])
    await _describe(connection, targets)
    await measure_again(connection, _moved(known, where, {row["id"]: row["album_id"] for row in locked}))


async def _locked(connection: Connection, account_id: UUID, tracks: Sequence[UUID]) -> list[Any]:
    """The tracks as they are under the lock. Raises Overtaken when one is not there, or not the account's any more."""
    await connection.execute(LOCK_TRACKS, tracks)
    locked = await connection.fetch(LOCKED_TRACKS, tracks, account_id)
    if len(locked) < len(tracks):
        raise Overtaken
    return locked


async def _describe(connection: Connection, targets: Sequence[_Target]) -> None:
    """Write what stands beside the rows of the tracks, where the delivery says something of it."""
    genres = {one.track_id: one.row.genres for one in targets if one.row.genres is not None}
    credits_ = {one.track_id: one.row.credits for one in targets if one.row.credits is not None}
    texts = {one.track_id: one.row.lyrics for one in targets if one.row.lyrics is not None}
    lines = {one.track_id: one.row.synced_lyrics for one in targets if one.row.synced_lyrics is not None}
    granted = {one.track_id: one.row.licences for one in targets if one.row.licences is not None}
    if genres:
        await descriptions.write_track_genres(connection, genres)
    if credits_:
        await descriptions.write_credits(connection, credits_)
    if texts:
        await descriptions.write_plain_lyrics(connection, texts)
    if lines:
        await descriptions.write_synced_lyrics(connection, lines)
    if granted:
        await licences.write(connection, granted)


def _moved(
    known: Sequence[_Target], where: Mapping[int, Place], before: Mapping[UUID, UUID | None]
) -> set[UUID | None]:
    """The albums that known tracks have left or come to: their loudness is another one."""
    moves = [(before[one.track_id], where[one.row.index].album) for one in known]
    return {album for old, new in moves if new is not None and new.id != old for album in (old, new.id)}


def _columns(
    targets: Sequence[_Target], where: Mapping[int, Place], album_titles: Mapping[UUID, str | None]
) -> list[list[Any]]:
    """Targets as the arrays of INSERT_TRACKS and UPDATE_TRACKS; `album_titles` are those that known tracks are on."""
    rows = [_values(one, where[one.row.index], album_titles.get(one.track_id)) for one in targets]
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(10)]


def _values(target: _Target, place: Place, album_title: str | None) -> tuple[Any, ...]:
    row = target.row
    title = album_title if place.album is None else place.album.title
    return (
        target.track_id,
        place.artist_id,
        None if place.album is None else place.album.id,
        row.title,
        index_text(row.title, row.artist, title or ""),
        row.isrc,
        row.disc_number,
        row.track_number,
        row.explicit,
        new_key(),
    )
