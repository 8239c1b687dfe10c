"""What the mutations of playlists take, and what they answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

import strawberry

from graph import ids
from graph.context import Info
from graph.errors import Problem, ProblemCode, Refused
from graph.payloads import Payload, Repeatable, UserError, UserErrors
from graph.playlists.records import AT_THE_END, MAX_AT_ONCE, MAX_DESCRIPTION, End, Place, StaleRevision
from graph.playlists.types import Playlist, PlaylistEntry

SEEN = "The revision of the playlist that you have seen."
SEEN_IF_ANY = f"{SEEN} Without it, nothing is compared."


@strawberry.input(description="A new playlist of yours; it is empty.")
class CreatePlaylistInput(Repeatable):
    name: str = strawberry.field(description="The name as it is shown; 200 characters at most.")
    description: str | None = strawberry.field(
        default="", description=f"What you say of it; {MAX_DESCRIPTION} characters at most."
    )
    public: bool | None = strawberry.field(default=False, description="Whether everybody may see it.")


@strawberry.input(description="What becomes of a playlist. What is left out stays as it is.")
class UpdatePlaylistInput:
    playlist_id: strawberry.ID = strawberry.field(description="A playlist of yours.")
    revision: int = strawberry.field(description=SEEN)
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="The name as it is shown; 200 characters at most."
    )
    description: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"What you say of it; {MAX_DESCRIPTION} characters at most, null for nothing.",
    )
    public: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether everybody may see it, or you alone."
    )


@strawberry.input(description="A playlist that is to go, with its entries. The tracks stay.")
class DeletePlaylistInput:
    playlist_id: strawberry.ID = strawberry.field(description="A playlist of yours.")
    revision: int | None = strawberry.field(default=None, description=SEEN_IF_ANY)


@strawberry.input(one_of=True, description="A place in a playlist.")
class PlaylistPlace:
    end: End | None = strawberry.field(default=strawberry.UNSET, description="At an end.")
    before: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Right before this entry.")
    after: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Right behind this entry.")


@strawberry.input(description="Tracks to put into a playlist, in their order; one may come several times.")
class AddPlaylistEntriesInput(Repeatable):
    playlist_id: strawberry.ID = strawberry.field(description="A playlist of yours.")
    track_ids: list[strawberry.ID] = strawberry.field(description=f"The tracks; {MAX_AT_ONCE} at most.")
    place: PlaylistPlace | None = strawberry.field(default=None, description="Where; at the end without it.")
    revision: int | None = strawberry.field(
        default=None,
        description=f"{SEEN_IF_ANY} With it, a call that is sent twice adds once.",
    )


@strawberry.input(description="Entries to put elsewhere in their playlist, side by side in the order given.")
class MovePlaylistEntriesInput:
    playlist_id: strawberry.ID = strawberry.field(description="A playlist of yours.")
    revision: int = strawberry.field(description=SEEN)
    entry_ids: list[strawberry.ID] = strawberry.field(description=f"The entries; {MAX_AT_ONCE} at most.")
    place: PlaylistPlace = strawberry.field(description="Where to; an entry that is moved cannot name it.")


@strawberry.input(description="Entries to take out of a playlist.")
class RemovePlaylistEntriesInput:
    playlist_id: strawberry.ID = strawberry.field(description="A playlist of yours.")
    revision: int = strawberry.field(description=SEEN)
    entry_ids: list[strawberry.ID] = strawberry.field(description=f"The entries; {MAX_AT_ONCE} at most.")


@strawberry.type
class PlaylistPayload(Payload):
    """What the payloads below have in common; no type of the schema."""

    revision: int | None = strawberry.field(
        default=None,
        description="The playlist's revision after the change; with STALE_REVISION, the present one: nothing was done.",
    )


@strawberry.type(description="What `createPlaylist` answers.")
class CreatePlaylistPayload(PlaylistPayload):
    playlist: Playlist | None = strawberry.field(default=None, description="The new playlist.")


@strawberry.type(description="What `updatePlaylist` answers.")
class UpdatePlaylistPayload(PlaylistPayload):
    playlist: Playlist | None = strawberry.field(default=None, description="The playlist as it is now.")


@strawberry.type(description="What `deletePlaylist` answers.")
class DeletePlaylistPayload(PlaylistPayload):
    revision: int | None = strawberry.field(
        default=None, description="With STALE_REVISION, the present one: nothing was done. Else null."
    )
    deleted_playlist_id: strawberry.ID | None = strawberry.field(default=None, description="What is gone.")


@strawberry.type(description="What `addPlaylistEntries` answers.")
class AddPlaylistEntriesPayload(PlaylistPayload):
    playlist: Playlist | None = strawberry.field(default=None, description="The playlist as it is now.")
    entries: list[PlaylistEntry] | None = strawberry.field(
        default=None, description="The new entries, one for each track, in order."
    )


@strawberry.type(description="What `movePlaylistEntries` answers.")
class MovePlaylistEntriesPayload(PlaylistPayload):
    playlist: Playlist | None = strawberry.field(default=None, description="The playlist as it is now.")


@strawberry.type(description="What `removePlaylistEntries` answers.")
class RemovePlaylistEntriesPayload(PlaylistPayload):
    playlist: Playlist | None = strawberry.field(default=None, description="The playlist as it is now.")


class PlaylistErrors(UserErrors):
    """As `UserErrors`, and a stale revision is told the present one."""

    def __init__(self, payload: type[PlaylistPayload]) -> None:
        super().__init__(payload)
        self._stale = payload

    async def resolve_async(
        self, next_: Callable[..., Awaitable[Any]], source: Any, info: Info, **arguments: Any
    ) -> Any:
        async def answered(source: Any, info: Info, **arguments: Any) -> Any:
            try:
                return await next_(source, info, **arguments)
            except StaleRevision as stale:
                errors = [UserError.of(problem) for problem in stale.problems]
                return self._stale(user_errors=errors, revision=stale.current)

        return await super().resolve_async(answered, source, info, **arguments)


def place_of(given: PlaylistPlace | None) -> Place:
    """Where an input says. Raises Refused."""
    if given is None:
        return AT_THE_END
    if given.end:
        return Place(end=given.end)
    if given.before:
        return Place(before=_entry(given.before, "before"))
    return Place(after=_entry(given.after or "", "after"))


def _entry(global_id: str, field: str) -> UUID:
    key = ids.find(PlaylistEntry.type_name, global_id)
    if key is None:
        raise Refused(Problem(ProblemCode.NOT_FOUND, ("place", field), "This is no entry of the playlist."))
    return key


def keys_of(type_name: str, global_ids: Sequence[str], *, field: str) -> list[UUID]:
    """The keys in ids that must be of one type. Raises Refused, with the place of each that is not."""
    found = [ids.find(type_name, text) for text in global_ids]
    problems = [
        Problem(ProblemCode.NOT_FOUND, (field, str(place)), f"This is not the id of a {type_name}.")
        for place, key in enumerate(found)
        if key is None
    ]
    if problems:
        raise Refused(*problems)
    return [key for key in found if key is not None]
