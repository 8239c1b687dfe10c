"""Playlists, as they are read: a private one by its owner alone, an entry by whoever may hear its track now."""

from __future__ import annotations

from graph.catalog import visibility
from graph.catalog.reads import IMAGE
from graph.library.reads import VIEWER_FOLLOWS_PLAYLIST
from graph.reads.declarations import Column, Entity, Many, One, Order, Sort

VISIBLE = "(playlist.public OR playlist.owner_id = :viewer_id OR :is_admin)"

PLAYLIST = Entity(
    type_name="Playlist",
    table="playlists",
    alias="playlist",
    columns={
        "name": Column(sql="playlist.name"),
        "description": Column(sql="playlist.description"),
        "public": Column(sql="playlist.public"),
        "revision": Column(sql="playlist.revision"),
        "created_at": Column(sql="playlist.created_at"),
        "updated_at": Column(sql="playlist.updated_at"),
        "viewer_is_following": VIEWER_FOLLOWS_PLAYLIST,
    },
    one={"owner": One(entity="User", column="owner_id"), "image": IMAGE},
    many={
        "entries": Many(
            entity="PlaylistEntry",
            parent="entry.playlist_id",
            orders={"position": Order((Sort(sql="entry.position", type="text"),))},
        )
    },
    visible=VISIBLE,
)

# A withdrawn track stays visible by itself and says so. In a playlist it would be a gap that nobody can play.
PLAYLIST_ENTRY = Entity(
    type_name="PlaylistEntry",
    table="playlist_entries",
    alias="entry",
    columns={"position": Column(sql="entry.position"), "added_at": Column(sql="entry.added_at")},
    one={
        "playlist": One(entity="Playlist", column="playlist_id"),
        "track": One(entity="Track", column="track_id"),
        "added_by": One(entity="User", column="added_by"),
    },
    joins={
        "playlist": "JOIN playlists AS playlist ON playlist.id = entry.playlist_id",
        "track": "JOIN tracks AS track ON track.id = entry.track_id",
    },
    visible=f"{VISIBLE} AND track.withdrawn_at IS NULL AND {visibility.TRACK}",
    visible_joins=("playlist", "track"),
)

# The first is what a library shows: what one has worked on last.
PLAYLISTS_OF_USER = Many(
    entity="Playlist",
    parent="playlist.owner_id",
    orders={
        "updated": Order(
            (
                Sort(sql="playlist.updated_at", type="timestamptz", descending=True),
                Sort(sql="playlist.id", type="uuid", descending=True),
            )
        ),
        "created": Order((Sort(sql="playlist.id", type="uuid", descending=True),)),
        "name": Order((Sort(sql="playlist.folded_name", type="text"), Sort(sql="playlist.id", type="uuid"))),
    },
)
