"""The catalogue's fields of Query."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import strawberry

from graph import ids
from graph.catalog import loaders
from graph.catalog.types import Album, Artist, Track
from graph.context import Context, Info

Id = Annotated[strawberry.ID, strawberry.argument(name="id", description="The global id.")]


async def artist_by_key(context: Context, key: UUID) -> Artist | None:
    record = await context.load(loaders.artists, key)
    return None if record is None else Artist.of(record)


async def album_by_key(context: Context, key: UUID) -> Album | None:
    record = await context.load(loaders.albums, key)
    return None if record is None else Album.of(record)


async def track_by_key(context: Context, key: UUID) -> Track | None:
    record = await context.load(loaders.tracks, key)
    return None if record is None else Track.of(record)


@strawberry.type
class CatalogQuery:
    """Merged into Query by `graph.schema`."""

    @strawberry.field(description="One artist; null when the id names none.")
    async def artist(self, info: Info, global_id: Id) -> Artist | None:
        key = ids.find(Artist.type_name, global_id)
        return None if key is None else await artist_by_key(info.context, key)

    @strawberry.field(description="One album; null when the id names none.")
    async def album(self, info: Info, global_id: Id) -> Album | None:
        key = ids.find(Album.type_name, global_id)
        return None if key is None else await album_by_key(info.context, key)

    @strawberry.field(description="One track; null when the id names none that you may see.")
    async def track(self, info: Info, global_id: Id) -> Track | None:
        key = ids.find(Track.type_name, global_id)
        return None if key is None else await track_by_key(info.context, key)
