"""The library, as it is read: by its listener alone.

Every list is one range of an index, by date or by name, into which what is kept is joined: what was deleted, withdrawn
from the listener's market or made private is left out before the page is cut.
"""

from __future__ import annotations

from graph.playlists.owned import PLAYLISTS_OF_USER
from graph.reads.declarations import Column, Entity, Many, Order, Sort


def _shelf(entity: str, table: str, things: str, *, subject: str, listener: str = "user_id") -> Many:
    """A connection of what stands in a table, to which the things themselves are joined by `subject`."""
    return Many(
        entity=entity,
        parent=f"kept.{listener}",
        source=f"{table} AS kept JOIN {things} = {subject}",
        orders={
            "recent": Order(
                (
                    Sort(sql="kept.created_at", type="timestamptz", descending=True),
                    Sort(sql=subject, type="uuid", descending=True),
                )
            ),
            "name": Order((Sort(sql="kept.sort_name", type="text"), Sort(sql=subject, type="uuid"))),
        },
        edge={"added_at": Column(sql="kept.created_at")},
    )


LIBRARY = Entity(
    type_name="Library",
    table="users",
    alias="library",
    columns={},
    many={
        "liked_tracks": _shelf("Track", "liked_tracks", "tracks AS track ON track.id", subject="kept.track_id"),
        "saved_albums": _shelf("Album", "saved_albums", "albums AS album ON album.id", subject="kept.album_id"),
        "followed_artists": _shelf(
            "Artist", "followed_artists", "artists AS artist ON artist.id", subject="kept.artist_id"
        ),
        "followed_users": _shelf(
            "User", "follows", "users AS account ON account.id", subject="kept.followed_id", listener="follower_id"
        ),
        "followed_playlists": _shelf(
            "Playlist", "followed_playlists", "playlists AS playlist ON playlist.id", subject="kept.playlist_id"
        ),
        "playlists": PLAYLISTS_OF_USER,
    },
    visible="library.id = :viewer_id",
)


def _kept(table: str, subject: str, *, listener: str = "user_id") -> Column:
    # A scalar subquery: below many rows PostgreSQL would make a hash of the whole shelf of an EXISTS.
    return Column(
        sql=f"coalesce((SELECT true FROM {table} AS kept"  # noqa: S608 -- names from the lines below
        f" WHERE kept.{listener} = :viewer_id AND kept.{subject} LIMIT 1), false)"
    )


VIEWER_HAS_LIKED = _kept("liked_tracks", "track_id = track.id")
VIEWER_HAS_SAVED = _kept("saved_albums", "album_id = album.id")
VIEWER_FOLLOWS_ARTIST = _kept("followed_artists", "artist_id = artist.id")
VIEWER_FOLLOWS_PLAYLIST = _kept("followed_playlists", "playlist_id = playlist.id")
VIEWER_FOLLOWS_USER = _kept("follows", "followed_id = account.id", listener="follower_id")
