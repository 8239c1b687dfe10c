"""Every table in the order in which its references need it.

Pure. What the tables have in common (who owns what, which track is on which album) is drawn first and kept; rows are
made while they are sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from appliance.synth import catalogue, editorial, library, listening, media, people, playlists
from appliance.synth.library import Kept
from appliance.synth.sizes import Order
from appliance.synth.table import Table

NAMES = (
    *("users", "artists", "albums", "tracks", "uploads", "assets"),
    *("genres", "album_genres", "track_genres", "track_credits", "licences", "playlists", "playlist_entries"),
    *("liked_tracks", "saved_albums", "followed_artists", "followed_playlists", "follows"),
    *("plays", "recent_tracks", "listening_days", "top_tracks", "top_artists", "track_hours", "track_plays_waiting"),
)
"""Of all tables that are filled, in their order."""


def tables(order: Order) -> Iterator[Table]:
    """All rows of an order."""
    owners, listeners = people.owners_of(order), people.listeners_of(order)
    yield people.user_table(owners, role="artist")
    yield people.user_table(listeners, role="listener")
    artists, albums = catalogue.artists_of(order), catalogue.albums_of(order)
    tracks = catalogue.tracks_of(order, albums)
    yield catalogue.artist_table(artists, owners.keys)
    yield catalogue.album_table(artists, albums)
    yield catalogue.track_table(order, artists, albums, tracks)
    yield from media.media_tables(order, tracks, owners.keys[0])
    yield from editorial.genre_tables(order, albums, tracks)
    yield editorial.credit_table(artists, tracks)
    yield editorial.licence_table(order, tracks)
    lists = playlists.playlists_of(order)
    yield playlists.playlist_table(lists, listeners)
    yield playlists.entry_table(order, lists, listeners, tracks)
    for kept in (
        _kept("liked_tracks", "track_id", tracks.keys, tracks.folded, each=40),
        _kept("saved_albums", "album_id", albums.keys, albums.folded, each=8),
        _kept("followed_artists", "artist_id", artists.keys, artists.folded, each=8),
        _kept("followed_playlists", "playlist_id", lists.keys[::2], lists.folded[::2], each=4),  # the public ones
        Kept("follows", "follower_id", "followed_id", listeners.keys, listeners.folded, 5),
    ):
        yield library.table_of(order, listeners, kept)
    plays = listening.plays_of(order, tracks)
    yield listening.play_table(order, listeners, artists, tracks, plays)
    yield from listening.counted_tables(order, listeners, artists, tracks, plays)


def _kept(table: str, column: str, keys: Sequence[UUID], sort_names: Sequence[str], *, each: int) -> Kept:
    return Kept(table, "user_id", column, keys, sort_names, each)
