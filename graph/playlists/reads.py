"""Playlists, as they are read: a private one by its owner alone, an entry by whoever may hear its track now.

Who may edit a playlist sees every entry of it, or else could not take out what nobody can hear any more; what keeps a
track from being heard is told with the entry.
"""

from __future__ import annotations

from graph.catalog import visibility
from graph.catalog.reads import IMAGE
from graph.library.reads import VIEWER_FOLLOWS_PLAYLIST
from graph.playlists.records import Obstacle
from graph.reads.declarations import Column, Entity, Many, One, Order, Sort

EDITED = "(playlist.owner_id = :viewer_id OR :is_admin)"
VISIBLE = f"(playlist.public OR {EDITED})"

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
            filters={"playable": f"{visibility.PLAYABLE} = :value"},
        )
    },
    visible=VISIBLE,
)

PLAYLIST_ENTRY = Entity(
    type_name="PlaylistEntry",
    table="playlist_entries",
    alias="entry",
    columns={
        "position": Column(sql="entry.position"),
        "added_at": Column(sql="entry.added_at"),
        "obstacle": Column(
            sql=f"CASE WHEN {EDITED} IS NOT TRUE THEN NULL"  # others see no entry that has one
            f" WHEN track.withdrawn_at IS NOT NULL THEN 'withdrawn' WHEN {visibility.PLAYABLE} THEN NULL"
            f" WHEN {visibility.OUT} THEN 'not_licensed' ELSE 'not_released' END",
            joins=("playlist", "track"),
            convert=Obstacle,
        ),
    },
    one={
        "playlist": One(entity="Playlist", column="playlist_id"),
        "track": One(entity="Track", column="track_id"),
        "added_by": One(entity="User", column="added_by"),
    },
    joins={
        "playlist": "JOIN playlists AS playlist ON playlist.id = entry.playlist_id",
        "track": "JOIN tracks AS track ON track.id = entry.track_id",
    },
    # A withdrawn track stays visible by itself and says so. In a playlist it would be a gap that nobody can play.
    visible=f"({EDITED} OR (playlist.public AND {visibility.PLAYABLE}))",
    visible_joins=("playlist", "track"),
)
