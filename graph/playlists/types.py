"""Playlist and its entries in GraphQL; `graph.playlists.reads` declares how they are read."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, ClassVar

import strawberry

from graph import enums
from graph.catalog.types import Track
from graph.connections import Connection, listing
from graph.images.types import Illustrated
from graph.node import Node
from graph.playlists.reads import PLAYLIST, PLAYLIST_ENTRY
from graph.playlists.records import MAX_ENTRIES, End, Obstacle
from graph.reads.declarations import Entity

if TYPE_CHECKING:
    from graph.accounts.types import User

Playable = Annotated[
    bool | None,
    strawberry.argument(
        description="Only those that can be heard now (true), or only those that cannot (false), such as to clean up."
    ),
]
LazyUser = Annotated["User", strawberry.lazy("graph.accounts.types")]
"""User has playlists, so it can only be named here."""


class PlaylistOrder(Enum):
    """In which order an account's playlists are listed; the values are those of `owned.PLAYLISTS_OF_USER`."""

    UPDATED = "updated"
    CREATED = "created"
    NAME = "name"


enums.publish(
    PlaylistOrder,
    name="PlaylistOrder",
    description="In which order playlists are listed.",
    values={
        PlaylistOrder.UPDATED: "What was changed last comes first.",
        PlaylistOrder.CREATED: "The newest comes first.",
        PlaylistOrder.NAME: "By name, without regard to case and accents.",
    },
)
enums.publish(
    End,
    name="PlaylistEnd",
    description="An end of a playlist.",
    values={End.START: "Before everything else.", End.END: "Behind everything else."},
)
enums.publish(
    Obstacle,
    name="PlaylistEntryObstacle",
    description="What keeps a track in a playlist from being heard.",
    values={
        Obstacle.WITHDRAWN: "The artist has withdrawn it; it may be offered again.",
        Obstacle.NOT_LICENSED: "No licence lets it be heard where you are at this time.",
        Obstacle.NOT_RELEASED: "Its release is not out (any more), or its recording is not ready.",
    },
)


@strawberry.type(description="Tracks that somebody keeps in an order. A private one is visible to its owner alone.")
class Playlist(Illustrated):
    entity: ClassVar[Entity] = PLAYLIST
    type_name: ClassVar[str] = PLAYLIST.type_name
    name: str = strawberry.field(description="The name as it is shown.")
    description: str = strawberry.field(description="What its owner says of it; may be empty.")
    public: bool = strawberry.field(description="Whether everybody sees it, and not its owner alone.")
    revision: int = strawberry.field(
        description="Counts every change of the playlist and its entries. Send the one that you have seen along with a"
        " change: if there is a newer one, nothing is changed and you are told which."
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    updated_at: datetime = strawberry.field(description="When it or its entries were changed last.")
    viewer_is_following: bool = strawberry.field(description="Whether you follow it; false when nobody is signed in.")
    owner: LazyUser | None = strawberry.field(description="Whose it is.")

    entries: Connection[PlaylistEntry] | None = strawberry.field(
        resolver=listing(playable=(Playable, None)),
        description=f"What is in it, in its order; {MAX_ENTRIES} entries at most. A track that nobody can hear where"
        " you are now, for it was withdrawn or is not licensed there, is left out and comes back when it can be heard."
        " Who may edit the playlist sees its entry all the same, with the `obstacle`.",
    )


@strawberry.type(description="A track's place in a playlist. It keeps its id wherever it is moved.")
class PlaylistEntry(Node):
    entity: ClassVar[Entity] = PLAYLIST_ENTRY
    type_name: ClassVar[str] = PLAYLIST_ENTRY.type_name
    position: str = strawberry.field(
        description="Its place: entries stand in the order of these texts, compared character by character. It changes"
        " when the entry is moved, and now and then when others are."
    )
    added_at: datetime = strawberry.field(description="When it was added.")
    added_by: LazyUser | None = strawberry.field(description="Who added it; null when the account is gone.")
    obstacle: Obstacle | None = strawberry.field(
        description="What keeps the track from being heard now, where you are; null when nothing does. Others than"
        " those who may edit the playlist see no entry that has one."
    )
    track: Track | None = strawberry.field(
        description="The track; null when you may not see it, such as one that is not licensed where you are."
    )
    playlist: Playlist | None = strawberry.field(description="The playlist that it is in.")
