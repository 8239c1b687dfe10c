"""Batch functions of the catalogue: many keys in, one statement, one value for each key out.

A value is None for a key that names nothing, or nothing that the operation's viewer may know of.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar
from uuid import UUID

from graph.catalog import sql
from graph.catalog.records import Album, AlbumPosition, Artist, Track, album_of, album_position, artist_of, track_of
from graph.context import Context
from graph.paging import Page, PageRequest, page_of
from graph.rows import Row


class Identified(Protocol):
    """A record with a key."""

    @property
    def id(self) -> UUID: ...


I = TypeVar("I", bound=Identified)  # noqa: E741 -- the initial of what it stands for


async def artists(context: Context, keys: list[UUID]) -> list[Artist | None]:
    rows = await context.services.pool.fetch(sql.ARTISTS, keys)
    return in_order(keys, map(artist_of, rows))


async def albums(context: Context, keys: list[UUID]) -> list[Album | None]:
    rows = await context.services.pool.fetch(sql.ALBUMS, keys)
    return in_order(keys, map(album_of, rows))


async def tracks(context: Context, keys: list[UUID]) -> list[Track | None]:
    rows = await context.services.pool.fetch(sql.TRACKS, keys, *seen_by(context))
    return in_order(keys, map(track_of, rows))


async def albums_of_artists(context: Context, keys: list[tuple[UUID, PageRequest[UUID]]]) -> list[Page[Album]]:
    rows = await context.services.pool.fetch(sql.ALBUMS_OF_ARTISTS, *_after_ids(keys))
    found = _by_ordinal(rows)
    return [
        page_of([album_of(row) for row in found[ordinal]], request, key=lambda album: album.id)
        for ordinal, (_, request) in enumerate(keys, 1)
    ]


async def tracks_of_artists(context: Context, keys: list[tuple[UUID, PageRequest[UUID]]]) -> list[Page[Track]]:
    rows = await context.services.pool.fetch(sql.TRACKS_OF_ARTISTS, *_after_ids(keys), *seen_by(context))
    found = _by_ordinal(rows)
    return [
        page_of([track_of(row) for row in found[ordinal]], request, key=lambda track: track.id)
        for ordinal, (_, request) in enumerate(keys, 1)
    ]


async def tracks_of_albums(context: Context, keys: list[tuple[UUID, PageRequest[AlbumPosition]]]) -> list[Page[Track]]:
    after = [request.after for _, request in keys]
    rows = await context.services.pool.fetch(
        sql.TRACKS_OF_ALBUMS,
        [album_id for album_id, _ in keys],
        [place and place.disc for place in after],
        [place and place.number for place in after],
        [place and place.id for place in after],
        [request.fetch for _, request in keys],
        *seen_by(context),
    )
    found = _by_ordinal(rows)
    return [
        page_of([track_of(row) for row in found[ordinal]], request, key=album_position)
        for ordinal, (_, request) in enumerate(keys, 1)
    ]


def seen_by(context: Context) -> tuple[UUID | None, bool]:
    """The two parameters by which a statement decides what is visible."""
    viewer = context.viewer
    return (None, False) if viewer is None else (viewer.user_id, viewer.is_admin)


def in_order(keys: Sequence[UUID], records: Iterable[I]) -> list[I | None]:
    """One record for each key, in the order of the keys."""
    by_id = {record.id: record for record in records}
    return [by_id.get(key) for key in keys]


def _after_ids(keys: list[tuple[UUID, PageRequest[UUID]]]) -> tuple[list[UUID], list[UUID | None], list[int]]:
    return (
        [parent for parent, _ in keys],
        [request.after for _, request in keys],
        [request.fetch for _, request in keys],
    )


def _by_ordinal(rows: Sequence[Row]) -> defaultdict[int, list[Row]]:
    found: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["ordinality"]].append(row)
    return found
