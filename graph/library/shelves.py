"""The parts of a library as data: in which table what is kept stands, and what may be put there.

Pure. Every table has the listener, the key of what is kept, its folded name and when it was put there; the statements
of a shelf follow from these names and are the same text every time. What a listener may keep is what it may see, so the
look-up of a name is a read of the entity.
"""

from __future__ import annotations

import msgspec

from graph.accounts.reads import USER
from graph.catalog.reads import ALBUM, ARTIST, TRACK
from graph.changes.records import ChangeKind
from graph.playlists.reads import PLAYLIST
from graph.reads.declarations import Column, Entity
from graph.reads.statements import Statement, by_keys
from graph.search.text import fold

SORTED_BY = 64
"""Characters of a name that decide its place; names that begin with the same stand in the order of their keys."""


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a library."""

    kind: ChangeKind
    entity: Entity
    name: str
    """The expression of a row's name."""
    field: str
    """Of the inputs that name what to keep."""
    table: str
    listener: str
    subject: str

    @property
    def seen(self) -> Statement:
        """The key and the name of what is to be kept, if the viewer sees it."""
        return by_keys(self.entity, [Column(sql=self.name)])

    @property
    def named(self) -> str:
        """The name of $1, whoever asks."""
        entity = self.entity
        return f"SELECT {self.name} FROM {entity.table} AS {entity.alias} WHERE {entity.alias}.id = $1"  # noqa: S608 -- names of declarations

    @property
    def keep(self) -> str:
        """Put $2 with the folded name $3 onto the shelf of $1; no row when it is there."""
        return (
            f"INSERT INTO {self.table} ({self.listener}, {self.subject}, sort_name) VALUES ($1, $2, $3)"  # noqa: S608 -- as above
            f" ON CONFLICT ({self.listener}, {self.subject}) DO NOTHING RETURNING true"
        )

    @property
    def drop(self) -> str:
        """Take $2 off the shelf of $1; no row when it was not there."""
        return f"DELETE FROM {self.table} WHERE {self.listener} = $1 AND {self.subject} = $2 RETURNING true"  # noqa: S608 -- as above

    @property
    def rename(self) -> str:
        """Write the folded name $2 of $1 for up to $4 listeners behind $3."""
        return f"UPDATE {self.table} SET sort_name = $2 WHERE {self._portion(3, 4)} RETURNING {self.listener}"  # noqa: S608 -- as above

    @property
    def remove(self) -> str:
        """Take $1 off the shelves of up to $3 listeners behind $2."""
        return f"DELETE FROM {self.table} WHERE {self._portion(2, 3)} RETURNING {self.listener}"  # noqa: S608 -- as above

    def _portion(self, after: int, limit: int) -> str:
        return (
            f"{self.subject} = $1 AND {self.listener} IN ("  # noqa: S608 -- as above
            f"SELECT {self.listener} FROM {self.table} WHERE {self.subject} = $1 AND {self.listener} > ${after}"
            f" ORDER BY {self.listener} LIMIT ${limit})"
        )


def sort_name(name: str) -> str:
    """The name as a library sorts it: without regard to case, accents and signs."""
    return fold(name)[:SORTED_BY]


LIKED_TRACKS = Shelf(
    kind=ChangeKind.LIKED_TRACK,
    entity=TRACK,
    name="track.title",
    field="trackId",
    table="liked_tracks",
    listener="user_id",
    subject="track_id",
)
SAVED_ALBUMS = Shelf(
    kind=ChangeKind.SAVED_ALBUM,
    entity=ALBUM,
    name="album.title",
    field="albumId",
    table="saved_albums",
    listener="user_id",
    subject="album_id",
)
FOLLOWED_ARTISTS = Shelf(
    kind=ChangeKind.FOLLOWED_ARTIST,
    entity=ARTIST,
    name="artist.name",
    field="artistId",
    table="followed_artists",
    listener="user_id",
    subject="artist_id",
)
FOLLOWED_USERS = Shelf(
    kind=ChangeKind.FOLLOWED_USER,
    entity=USER,
    name="account.display_name",
    field="userId",
    table="follows",
    listener="follower_id",
    subject="followed_id",
)
FOLLOWED_PLAYLISTS = Shelf(
    kind=ChangeKind.FOLLOWED_PLAYLIST,
    entity=PLAYLIST,
    name="playlist.name",
    field="playlistId",
    table="followed_playlists",
    listener="user_id",
    subject="playlist_id",
)

SHELVES = {
    shelf.kind: shelf for shelf in (LIKED_TRACKS, SAVED_ALBUMS, FOLLOWED_ARTISTS, FOLLOWED_USERS, FOLLOWED_PLAYLISTS)
}
