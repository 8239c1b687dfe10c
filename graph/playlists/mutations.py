"""The playlists' fields of Mutation."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import strawberry
from msgspec import UNSET

from graph import ids
from graph.context import Info
from graph.payloads import INPUT
from graph.playlists import entries, service
from graph.playlists.inputs import (
    AddPlaylistEntriesInput,
    AddPlaylistEntriesPayload,
    CreatePlaylistInput,
    CreatePlaylistPayload,
    DeletePlaylistInput,
    DeletePlaylistPayload,
    MovePlaylistEntriesInput,
    MovePlaylistEntriesPayload,
    PlaylistErrors,
    RemovePlaylistEntriesInput,
    RemovePlaylistEntriesPayload,
    UpdatePlaylistInput,
    UpdatePlaylistPayload,
    keys_of,
    place_of,
)
from graph.playlists.records import MAX_ENTRIES, Edit
from graph.playlists.types import Playlist, PlaylistEntry

UNDER = ("playlist",)
"""Where a payload has the playlist."""


@strawberry.type
class PlaylistsMutation:
    """Merged into Mutation by `graph.schema`."""

    @strawberry.mutation(
        description="Make a playlist; private unless you say otherwise.",
        extensions=[PlaylistErrors(CreatePlaylistPayload)],
    )
    async def create_playlist(
        self, info: Info, given: Annotated[CreatePlaylistInput, INPUT]
    ) -> CreatePlaylistPayload | None:
        viewer, pool = info.context.require_viewer(), info.context.services.pool
        key = await service.create_playlist(
            pool,
            viewer,
            name=given.name,
            description=given.description or "",
            public=bool(given.public),
            attempt=given.attempt(viewer),
        )
        playlist = await info.context.reader.one(info, Playlist, key, under=UNDER)
        return CreatePlaylistPayload(playlist=playlist, revision=service.FIRST_REVISION)

    @strawberry.mutation(
        description=(
            "Rename or describe a playlist of yours, or make it public or private. What changes nothing leaves its"
            " revision as it is. Its picture: `setArtwork`."
        ),
        extensions=[PlaylistErrors(UpdatePlaylistPayload)],
    )
    async def update_playlist(
        self, info: Info, given: Annotated[UpdatePlaylistInput, INPUT]
    ) -> UpdatePlaylistPayload | None:
        viewer, key = info.context.require_viewer(), _playlist(given.playlist_id)
        revision = await service.update_playlist(
            info.context.services.pool, viewer, playlist_id=key, revision=given.revision, edit=_edit(given)
        )
        playlist = await info.context.reader.one(info, Playlist, key, under=UNDER)
        return UpdatePlaylistPayload(playlist=playlist, revision=revision)

    @strawberry.mutation(
        description="Delete a playlist of yours, with its entries.",
        extensions=[PlaylistErrors(DeletePlaylistPayload)],
    )
    async def delete_playlist(
        self, info: Info, given: Annotated[DeletePlaylistInput, INPUT]
    ) -> DeletePlaylistPayload | None:
        viewer, key = info.context.require_viewer(), _playlist(given.playlist_id)
        await service.delete_playlist(info.context.services.pool, viewer, playlist_id=key, revision=given.revision)
        return DeletePlaylistPayload(deleted_playlist_id=strawberry.ID(given.playlist_id))

    @strawberry.mutation(
        description=f"Put tracks into a playlist of yours, all or none; it may have {MAX_ENTRIES} entries.",
        extensions=[PlaylistErrors(AddPlaylistEntriesPayload)],
    )
    async def add_playlist_entries(
        self, info: Info, given: Annotated[AddPlaylistEntriesInput, INPUT]
    ) -> AddPlaylistEntriesPayload | None:
        viewer, key = info.context.require_viewer(), _playlist(given.playlist_id)
        added = await entries.add_entries(
            info.context.services.pool,
            viewer,
            playlist_id=key,
            revision=given.revision,
            track_ids=keys_of("Track", given.track_ids, field="trackIds"),
            place=place_of(given.place),
            market=info.context.market,
            attempt=given.attempt(viewer),
        )
        reader = info.context.reader
        playlist = await reader.one(info, Playlist, key, under=UNDER)
        wanted = [(PlaylistEntry.type_name, entry) for entry in added.entry_ids]
        found = await reader.several(info, wanted, under=("entries",))
        return AddPlaylistEntriesPayload(
            playlist=playlist, entries=[entry for entry in found if entry is not None], revision=added.revision
        )

    @strawberry.mutation(
        description="Put entries of a playlist of yours elsewhere in it, all or none.",
        extensions=[PlaylistErrors(MovePlaylistEntriesPayload)],
    )
    async def move_playlist_entries(
        self, info: Info, given: Annotated[MovePlaylistEntriesInput, INPUT]
    ) -> MovePlaylistEntriesPayload | None:
        viewer, key = info.context.require_viewer(), _playlist(given.playlist_id)
        revision = await entries.move_entries(
            info.context.services.pool,
            viewer,
            playlist_id=key,
            revision=given.revision,
            entry_ids=keys_of(PlaylistEntry.type_name, given.entry_ids, field="entryIds"),
            place=place_of(given.place),
        )
        playlist = await info.context.reader.one(info, Playlist, key, under=UNDER)
        return MovePlaylistEntriesPayload(playlist=playlist, revision=revision)

    @strawberry.mutation(
        description="Take entries out of a playlist of yours, all or none.",
        extensions=[PlaylistErrors(RemovePlaylistEntriesPayload)],
    )
    async def remove_playlist_entries(
        self, info: Info, given: Annotated[RemovePlaylistEntriesInput, INPUT]
    ) -> RemovePlaylistEntriesPayload | None:
        viewer, key = info.context.require_viewer(), _playlist(given.playlist_id)
        revision = await entries.remove_entries(
            info.context.services.pool,
            viewer,
            playlist_id=key,
            revision=given.revision,
            entry_ids=keys_of(PlaylistEntry.type_name, given.entry_ids, field="entryIds"),
        )
        playlist = await info.context.reader.one(info, Playlist, key, under=UNDER)
        return RemovePlaylistEntriesPayload(playlist=playlist, revision=revision)


def _playlist(global_id: str) -> UUID:
    return ids.require(Playlist.type_name, global_id, field="playlistId")


def _edit(given: UpdatePlaylistInput) -> Edit:
    """What is null is left out, but for the description, of which nothing is left then."""
    return Edit(
        name=_given(given.name),
        description="" if given.description is None else _given(given.description),
        public=_given(given.public),
    )


def _given(value: Any) -> Any:
    return UNSET if value is None or value is strawberry.UNSET else value
