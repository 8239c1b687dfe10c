"""The library's fields of Mutation."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import strawberry

from graph import ids
from graph.accounts.types import User
from graph.catalog.types import Album, Artist, Track
from graph.context import Info
from graph.library import service
from graph.library.payloads import (
    FollowArtistInput,
    FollowArtistPayload,
    FollowPlaylistInput,
    FollowPlaylistPayload,
    FollowUserInput,
    FollowUserPayload,
    LikeTrackInput,
    LikeTrackPayload,
    SaveAlbumInput,
    SaveAlbumPayload,
    UnfollowArtistInput,
    UnfollowArtistPayload,
    UnfollowPlaylistInput,
    UnfollowPlaylistPayload,
    UnfollowUserInput,
    UnfollowUserPayload,
    UnlikeTrackInput,
    UnlikeTrackPayload,
    UnsaveAlbumInput,
    UnsaveAlbumPayload,
)
from graph.library.shelves import (
    FOLLOWED_ARTISTS,
    FOLLOWED_PLAYLISTS,
    FOLLOWED_USERS,
    LIKED_TRACKS,
    SAVED_ALBUMS,
    Shelf,
)
from graph.live.service import announce_rights
from graph.payloads import INPUT, UserErrors
from graph.playlists.types import Playlist


async def _keep(info: Info, shelf: Shelf, global_id: str) -> UUID:
    """Put what an input names onto the viewer's shelf, and answer its key."""
    viewer = info.context.require_viewer()
    key = ids.require(shelf.entity.type_name, global_id, field=shelf.field)
    seen = info.context.reader.seen
    await service.keep(info.context.services.pool, shelf, listener_id=viewer.user_id, key=key, seen=seen)
    return key


async def _drop(info: Info, shelf: Shelf, global_id: str) -> UUID:
    """Take what an input names off the viewer's shelf, and answer its key."""
    viewer = info.context.require_viewer()
    key = ids.require(shelf.entity.type_name, global_id, field=shelf.field)
    await service.drop(info.context.services.pool, shelf, listener_id=viewer.user_id, key=key)
    return key


@strawberry.type
class LibraryMutation:
    """Merged into Mutation by `graph.schema`."""

    @strawberry.mutation(
        description="Like a track; again is no error.",
        extensions=[UserErrors(LikeTrackPayload)],
    )
    async def like_track(self, info: Info, given: Annotated[LikeTrackInput, INPUT]) -> LikeTrackPayload | None:
        key = await _keep(info, LIKED_TRACKS, given.track_id)
        return LikeTrackPayload(track=await info.context.reader.one(info, Track, key, under=("track",)))

    @strawberry.mutation(
        description="Like a track no longer; again is no error.",
        extensions=[UserErrors(UnlikeTrackPayload)],
    )
    async def unlike_track(self, info: Info, given: Annotated[UnlikeTrackInput, INPUT]) -> UnlikeTrackPayload | None:
        key = await _drop(info, LIKED_TRACKS, given.track_id)
        return UnlikeTrackPayload(track=await info.context.reader.one(info, Track, key, under=("track",)))

    @strawberry.mutation(
        description="Put an album into your library; again is no error.",
        extensions=[UserErrors(SaveAlbumPayload)],
    )
    async def save_album(self, info: Info, given: Annotated[SaveAlbumInput, INPUT]) -> SaveAlbumPayload | None:
        key = await _keep(info, SAVED_ALBUMS, given.album_id)
        return SaveAlbumPayload(album=await info.context.reader.one(info, Album, key, under=("album",)))

    @strawberry.mutation(
        description="Take an album out of your library; again is no error.",
        extensions=[UserErrors(UnsaveAlbumPayload)],
    )
    async def unsave_album(self, info: Info, given: Annotated[UnsaveAlbumInput, INPUT]) -> UnsaveAlbumPayload | None:
        key = await _drop(info, SAVED_ALBUMS, given.album_id)
        return UnsaveAlbumPayload(album=await info.context.reader.one(info, Album, key, under=("album",)))

    @strawberry.mutation(
        description="Follow an artist; again is no error.",
        extensions=[UserErrors(FollowArtistPayload)],
    )
    async def follow_artist(self, info: Info, given: Annotated[FollowArtistInput, INPUT]) -> FollowArtistPayload | None:
        key = await _keep(info, FOLLOWED_ARTISTS, given.artist_id)
        return FollowArtistPayload(artist=await info.context.reader.one(info, Artist, key, under=("artist",)))

    @strawberry.mutation(
        description="Follow an artist no longer; again is no error.",
        extensions=[UserErrors(UnfollowArtistPayload)],
    )
    async def unfollow_artist(
        self, info: Info, given: Annotated[UnfollowArtistInput, INPUT]
    ) -> UnfollowArtistPayload | None:
        key = await _drop(info, FOLLOWED_ARTISTS, given.artist_id)
        return UnfollowArtistPayload(artist=await info.context.reader.one(info, Artist, key, under=("artist",)))

    @strawberry.mutation(
        description="Follow a user, which shows you what they play; again is no error.",
        extensions=[UserErrors(FollowUserPayload)],
    )
    async def follow_user(self, info: Info, given: Annotated[FollowUserInput, INPUT]) -> FollowUserPayload | None:
        key = await _keep(info, FOLLOWED_USERS, given.user_id)
        return FollowUserPayload(user=await info.context.reader.one(info, User, key, under=("user",)))

    @strawberry.mutation(
        description="Follow a user no longer, which ends at once what you see of them; again is no error.",
        extensions=[UserErrors(UnfollowUserPayload)],
    )
    async def unfollow_user(self, info: Info, given: Annotated[UnfollowUserInput, INPUT]) -> UnfollowUserPayload | None:
        key = await _drop(info, FOLLOWED_USERS, given.user_id)
        await announce_rights(info.context.services.presence, listener_id=key)
        return UnfollowUserPayload(user=await info.context.reader.one(info, User, key, under=("user",)))

    @strawberry.mutation(
        description="Follow a playlist of somebody else that you see; again is no error.",
        extensions=[UserErrors(FollowPlaylistPayload)],
    )
    async def follow_playlist(
        self, info: Info, given: Annotated[FollowPlaylistInput, INPUT]
    ) -> FollowPlaylistPayload | None:
        key = await _keep(info, FOLLOWED_PLAYLISTS, given.playlist_id)
        return FollowPlaylistPayload(playlist=await info.context.reader.one(info, Playlist, key, under=("playlist",)))

    @strawberry.mutation(
        description="Follow a playlist no longer; again is no error.",
        extensions=[UserErrors(UnfollowPlaylistPayload)],
    )
    async def unfollow_playlist(
        self, info: Info, given: Annotated[UnfollowPlaylistInput, INPUT]
    ) -> UnfollowPlaylistPayload | None:
        key = await _drop(info, FOLLOWED_PLAYLISTS, given.playlist_id)
        return UnfollowPlaylistPayload(playlist=await info.context.reader.one(info, Playlist, key, under=("playlist",)))
