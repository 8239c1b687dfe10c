"""What a change of a library is. Pure."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from uuid import UUID

import msgspec

from graph.rows import Row


class ChangeKind(Enum):
    """Which part of a library something belongs to; the values are what the ledger stores."""

    LIKED_TRACK = "liked_track"
    SAVED_ALBUM = "saved_album"
    FOLLOWED_ARTIST = "followed_artist"
    FOLLOWED_USER = "followed_user"
    FOLLOWED_PLAYLIST = "followed_playlist"
    PLAYLIST = "playlist"
    PLAYLIST_ENTRY = "playlist_entry"


TYPE_NAMES: dict[ChangeKind, str] = {
    ChangeKind.LIKED_TRACK: "Track",
    ChangeKind.SAVED_ALBUM: "Album",
    ChangeKind.FOLLOWED_ARTIST: "Artist",
    ChangeKind.FOLLOWED_USER: "User",
    ChangeKind.FOLLOWED_PLAYLIST: "Playlist",
    ChangeKind.PLAYLIST: "Playlist",
    ChangeKind.PLAYLIST_ENTRY: "PlaylistEntry",
}
"""The type of the node that a change's key is the key of."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One thing of one listener's library that came, was changed, or went."""

    user_id: UUID
    kind: ChangeKind
    key: UUID
    """Of the node, so of the track that is liked and not of the like."""
    deleted: bool


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A change as the feed tells it: the last one of its key, with its number among the listener's changes."""

    number: int
    kind: ChangeKind
    key: UUID
    deleted: bool
    changed_at: datetime


def recorded_of(row: Row) -> Recorded:
    return Recorded(
        number=row["number"],
        kind=ChangeKind(row["kind"]),
        key=row["key"],
        deleted=row["deleted"],
        changed_at=row["changed_at"],
    )
