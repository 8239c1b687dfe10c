"""Many tracks of one artist at once, and their licences."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from config.postgres import Pool
from graph.keys import new_key
from graph.licences import service
from graph.licences.rules import Licence
from graph.viewer import Viewer


class Catalogue(NamedTuple):
    """An artist, and its tracks in their order."""

    artist: UUID
    tracks: list[UUID]


AddCatalogue = Callable[[Viewer, Sequence[Sequence[Licence]]], Awaitable[Catalogue]]


@pytest.fixture
def add_catalogue(pool: Pool) -> AddCatalogue:
    """Add an artist with one ready track for each list of licences."""

    async def add(owner: Viewer, licences: Sequence[Sequence[Licence]]) -> Catalogue:
        artist, tracks = new_key(), [new_key() for _ in licences]
        assets, uploads = [new_key() for _ in licences], [new_key() for _ in licences]
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "INSERT INTO artists (id, owner_id, name, search_text) VALUES ($1, $2, 'Band', 'band')",
                artist,
                owner.user_id,
            )
            await connection.execute(
                "INSERT INTO tracks (id, artist_id, title, search_text, asset_id)"
                " SELECT id, $3, 'Tune', 'tune', asset_id FROM unnest($1::uuid[], $2::uuid[]) AS t (id, asset_id)",
                tracks,
                assets,
                artist,
            )
            await connection.execute(
                "INSERT INTO uploads (id, user_id, track_id, object_key, file_name, content_type, size_bytes, sha256,"
                " expires_at, completed_at)"
                " SELECT id, $3, track_id, id::text, 'a.wav', 'audio/wav', 1, $4, now(), now()"
                " FROM unnest($1::uuid[], $2::uuid[]) AS t (id, track_id)",
                uploads,
                tracks,
                owner.user_id,
                bytes(32),
            )
            await connection.execute(
                "INSERT INTO assets (asset_id, revision, upload_id, status, stage, fraction, duration_ms)"
                " SELECT asset_id, 1, upload_id, 'ready', 'done', 1, 180000"
                " FROM unnest($1::uuid[], $2::uuid[]) AS t (asset_id, upload_id)",
                assets,
                uploads,
            )
            await service.write(connection, dict(zip(tracks, licences, strict=True)))
        return Catalogue(artist, tracks)

    return add


@pytest.fixture
def markets_of(pool: Pool) -> Callable[[UUID], Awaitable[Any]]:
    """What a track's row says of its markets."""

    async def read(track: UUID) -> Any:
        return await pool.fetchval("SELECT markets FROM tracks WHERE id = $1", track)

    return read
