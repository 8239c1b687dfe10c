"""A playlist on a desk: who owns it, what is written to it, and what is in it."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
import pytest

from config.postgres import Pool
from graph.playlists import entries, service
from graph.playlists.records import AT_THE_END, Place
from graph.viewer import Role, Viewer


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """One playlist; writes are its owner's."""

    pool: Pool
    owner: Viewer
    playlist: UUID
    track: UUID

    async def add(self, count: int = 1, *, place: Place = AT_THE_END) -> tuple[UUID, ...]:
        """Add the track so often, whatever the revision, and answer the entries."""
        return await self.add_tracks([self.track] * count, place=place)

    async def add_tracks(
        self, track_ids: Sequence[UUID], *, place: Place = AT_THE_END, revision: int | None = None
    ) -> tuple[UUID, ...]:
        added = await entries.add_entries(
            self.pool,
            self.owner,
            playlist_id=self.playlist,
            revision=revision,
            track_ids=track_ids,
            place=place,
            market=None,
        )
        return added.entry_ids

    async def move(self, revision: int, *entry_ids: UUID, place: Place) -> int:
        return await entries.move_entries(
            self.pool, self.owner, playlist_id=self.playlist, revision=revision, entry_ids=entry_ids, place=place
        )

    async def remove(self, revision: int, *entry_ids: UUID) -> int:
        return await entries.remove_entries(
            self.pool, self.owner, playlist_id=self.playlist, revision=revision, entry_ids=entry_ids
        )

    async def update(self, revision: int, edit: service.Edit) -> int:
        return await service.update_playlist(
            self.pool, self.owner, playlist_id=self.playlist, revision=revision, edit=edit
        )

    async def order(self) -> list[UUID]:
        """The entries in their order."""
        rows = await self.pool.fetch(
            "SELECT id FROM playlist_entries WHERE playlist_id = $1 ORDER BY position", self.playlist
        )
        return [row["id"] for row in rows]

    async def row(self) -> dict[str, object] | None:
        found = await self.pool.fetchrow(
            "SELECT owner_id, name, folded_name, description, public, revision FROM playlists WHERE id = $1",
            self.playlist,
        )
        return None if found is None else dict(found)

    async def revision(self) -> int:
        value: int = await self.pool.fetchval("SELECT revision FROM playlists WHERE id = $1", self.playlist)
        return value

    async def told(self, viewer: Viewer | None = None) -> list[tuple[str, UUID, bool]]:
        """What the feed of an account says, of the owner's unless named: kind, key, and whether it went."""
        rows = await self.pool.fetch(
            "SELECT kind, key, deleted FROM changes WHERE user_id = $1 ORDER BY number", (viewer or self.owner).user_id
        )
        return [tuple(row) for row in rows]


@pytest.fixture
async def artist(add_user) -> Viewer:
    return await add_user(Role.ARTIST)


@pytest.fixture
async def desk(pool, add_user, artist, add_track) -> Desk:
    owner = await add_user(Role.LISTENER)
    return Desk(
        pool=pool,
        owner=owner,
        playlist=await service.create_playlist(pool, owner, name="Evening", description="", public=False),
        track=await add_track(artist, ready=1000),
    )
