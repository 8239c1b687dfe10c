"""The change feed in GraphQL."""

from __future__ import annotations

from datetime import datetime

import strawberry

from graph import enums
from graph.changes.records import ChangeKind
from graph.node import Node
from graph.scalars import CountryCode

enums.publish(
    ChangeKind,
    name="LibraryPart",
    description="A part of a listener's library.",
    values={
        ChangeKind.LIKED_TRACK: "Liked tracks; the id is the track's.",
        ChangeKind.SAVED_ALBUM: "Saved albums; the id is the album's.",
        ChangeKind.FOLLOWED_ARTIST: "Followed artists; the id is the artist's.",
        ChangeKind.FOLLOWED_USER: "Followed users; the id is the user's.",
        ChangeKind.FOLLOWED_PLAYLIST: "Followed playlists; the id is the playlist's.",
        ChangeKind.PLAYLIST: "The listener's own playlists; a deleted one takes its entries along.",
        ChangeKind.PLAYLIST_ENTRY: "Entries of the listener's own playlists.",
    },
)


@strawberry.type(description="The last change of one thing in a listener's library.")
class LibraryChange:
    part: ChangeKind = strawberry.field(description="Which part of the library.")
    node_id: strawberry.ID = strawberry.field(description="The global id of what came, was changed, or went.")
    deleted: bool = strawberry.field(description="Whether it went; otherwise it came, or is not what it was before.")
    changed_at: datetime = strawberry.field(description="When.")
    node: Node | None = strawberry.field(
        description="What it is now; null when it went, and while you may not see it, such as a track that is not"
        " licensed where you are (any more): take it out of sight, and keep its id until it is told as `deleted`."
    )


@strawberry.type(description="What has changed in a listener's library after a cursor.")
class LibraryChanges:
    changes: list[LibraryChange] = strawberry.field(
        description="At most `first`, in the order in which they happened; of each thing the last change only."
    )
    cursor: str = strawberry.field(description="Keep it, and pass it as `after` the next time.")
    market: CountryCode | None = strawberry.field(
        description="The country whose licences count for you now; null when it is not known. When it is another one"
        " than with your last answer, other things can be heard, of which no change tells: read your library anew."
    )
    has_more: bool = strawberry.field(description="Whether there is more already: ask again right away.")
