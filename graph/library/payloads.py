"""Inputs and payloads of the library's mutations."""

from __future__ import annotations

import strawberry

from graph.accounts.types import User
from graph.catalog.types import Album, Artist, Track
from graph.payloads import Payload
from graph.playlists.types import Playlist


@strawberry.input(description="Which track to like.")
class LikeTrackInput:
    track_id: strawberry.ID = strawberry.field(description="The track.")


@strawberry.type(description="What `likeTrack` answers.")
class LikeTrackPayload(Payload):
    track: Track | None = strawberry.field(default=None, description="The track that you like now.")


@strawberry.input(description="Which track to like no longer.")
class UnlikeTrackInput:
    track_id: strawberry.ID = strawberry.field(description="The track.")


@strawberry.type(description="What `unlikeTrack` answers.")
class UnlikeTrackPayload(Payload):
    track: Track | None = strawberry.field(default=None, description="The track, if you still see it.")


@strawberry.input(description="Which album to save.")
class SaveAlbumInput:
    album_id: strawberry.ID = strawberry.field(description="The album.")


@strawberry.type(description="What `saveAlbum` answers.")
class SaveAlbumPayload(Payload):
    album: Album | None = strawberry.field(default=None, description="The album that is in your library now.")


@strawberry.input(description="Which album to take out of the library.")
class UnsaveAlbumInput:
    album_id: strawberry.ID = strawberry.field(description="The album.")


@strawberry.type(description="What `unsaveAlbum` answers.")
class UnsaveAlbumPayload(Payload):
    album: Album | None = strawberry.field(default=None, description="The album, if you still see it.")


@strawberry.input(description="Which artist to follow.")
class FollowArtistInput:
    artist_id: strawberry.ID = strawberry.field(description="The artist.")


@strawberry.type(description="What `followArtist` answers.")
class FollowArtistPayload(Payload):
    artist: Artist | None = strawberry.field(default=None, description="The artist whom you follow now.")


@strawberry.input(description="Which artist to follow no longer.")
class UnfollowArtistInput:
    artist_id: strawberry.ID = strawberry.field(description="The artist.")


@strawberry.type(description="What `unfollowArtist` answers.")
class UnfollowArtistPayload(Payload):
    artist: Artist | None = strawberry.field(default=None, description="The artist.")


@strawberry.input(description="Whom to follow.")
class FollowUserInput:
    user_id: strawberry.ID = strawberry.field(description="The user.")


@strawberry.type(description="What `followUser` answers.")
class FollowUserPayload(Payload):
    user: User | None = strawberry.field(default=None, description="Whom you follow now.")


@strawberry.input(description="Whom to follow no longer.")
class UnfollowUserInput:
    user_id: strawberry.ID = strawberry.field(description="The user.")


@strawberry.type(description="What `unfollowUser` answers.")
class UnfollowUserPayload(Payload):
    user: User | None = strawberry.field(default=None, description="Whom you do not follow any more.")


@strawberry.input(description="Which playlist to follow.")
class FollowPlaylistInput:
    playlist_id: strawberry.ID = strawberry.field(description="The playlist.")


@strawberry.type(description="What `followPlaylist` answers.")
class FollowPlaylistPayload(Payload):
    playlist: Playlist | None = strawberry.field(default=None, description="The playlist that you follow now.")


@strawberry.input(description="Which playlist to follow no longer.")
class UnfollowPlaylistInput:
    playlist_id: strawberry.ID = strawberry.field(description="The playlist.")


@strawberry.type(description="What `unfollowPlaylist` answers.")
class UnfollowPlaylistPayload(Payload):
    playlist: Playlist | None = strawberry.field(default=None, description="The playlist, if you still see it.")
