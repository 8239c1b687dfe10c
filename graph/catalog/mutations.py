"""Mutations of the catalogue: what an artist's account adds, changes and deletes."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, TypeVar
from uuid import UUID

import strawberry

from graph import ids
from graph.catalog import changes, deletion, service, withdrawal
from graph.catalog.inputs import (
    CreateAlbumInput,
    CreateAlbumPayload,
    CreateArtistInput,
    CreateArtistPayload,
    CreateTrackInput,
    CreateTrackPayload,
    DeleteAlbumInput,
    DeleteAlbumPayload,
    DeleteArtistInput,
    DeleteArtistPayload,
    DeleteTrackInput,
    DeleteTrackPayload,
    ReinstateTrackInput,
    ReinstateTrackPayload,
    UpdateAlbumInput,
    UpdateAlbumPayload,
    UpdateTrackInput,
    UpdateTrackPayload,
    WithdrawTrackInput,
    WithdrawTrackPayload,
    credits_of,
)
from graph.catalog.releases import ReleaseState, ReleaseType
from graph.catalog.types import Album, Artist, Track
from graph.context import Info
from graph.node import Node
from graph.payloads import INPUT, UserErrors

N = TypeVar("N", bound=Node)


# What an input may leave out; null says something only of what there need not be.
ALBUM_FIELDS = ("title", "type", "state", "genres")
ALBUM_FIELDS_OR_NULL = ("release_date", "live_at", "musicbrainz_release_id")
TRACK_FIELDS = ("title", "disc_number", "explicit", "genres", "credits", "synced_lyrics")
TRACK_FIELDS_OR_NULL = ("album_id", "isrc", "track_number", "lyrics", "musicbrainz_recording_id")


@strawberry.type
class CatalogMutation:
    """Merged into Mutation by `graph.schema`."""

    @strawberry.mutation(
        description="Add an artist, which your account looks after; for accounts that publish.",
        extensions=[UserErrors(CreateArtistPayload)],
    )
    async def create_artist(self, info: Info, given: Annotated[CreateArtistInput, INPUT]) -> CreateArtistPayload | None:
        viewer, pool = info.context.require_viewer(), info.context.services.pool
        key = await service.create_artist(pool, viewer, name=given.name, attempt=given.attempt(viewer))
        return CreateArtistPayload(artist=await _shown(info, Artist, key))

    @strawberry.mutation(description="Add an album.", extensions=[UserErrors(CreateAlbumPayload)])
    async def create_album(self, info: Info, given: Annotated[CreateAlbumInput, INPUT]) -> CreateAlbumPayload | None:
        viewer = info.context.require_viewer()
        key = await service.create_album(
            info.context.services.pool,
            viewer,
            artist_id=ids.require(Artist.type_name, given.artist_id, field="artistId"),
            title=given.title,
            release_date=given.release_date,
            type_=given.type or ReleaseType.ALBUM,
            state=given.state or ReleaseState.LIVE,
            live_at=given.live_at,
            attempt=given.attempt(viewer),
        )
        return CreateAlbumPayload(album=await _shown(info, Album, key))

    @strawberry.mutation(
        description="Add a track; then upload its master.", extensions=[UserErrors(CreateTrackPayload)]
    )
    async def create_track(self, info: Info, given: Annotated[CreateTrackInput, INPUT]) -> CreateTrackPayload | None:
        viewer, album_id = info.context.require_viewer(), given.album_id
        key = await service.create_track(
            info.context.services.pool,
            viewer,
            artist_id=ids.require(Artist.type_name, given.artist_id, field="artistId"),
            album_id=None if album_id is None else ids.require(Album.type_name, album_id, field="albumId"),
            title=given.title,
            isrc=given.isrc,
            disc_number=1 if given.disc_number is None else given.disc_number,
            track_number=given.track_number,
            explicit=bool(given.explicit),
            attempt=given.attempt(viewer),
        )
        return CreateTrackPayload(track=await _shown(info, Track, key))

    @strawberry.mutation(
        description="Change an album: correct it, or take over what its tracks' masters propose.",
        extensions=[UserErrors(UpdateAlbumPayload)],
    )
    async def update_album(self, info: Info, given: Annotated[UpdateAlbumInput, INPUT]) -> UpdateAlbumPayload | None:
        services, fields = info.context.services, _given(given, *ALBUM_FIELDS, or_null=ALBUM_FIELDS_OR_NULL)
        album = await changes.update_album(
            services.pool,
            info.context.require_viewer(),
            album_id=ids.require(Album.type_name, given.album_id, field="albumId"),
            change=changes.AlbumChange(**fields),
        )
        if "state" in fields:
            await withdrawal.carry_out_release(services.pool, services.store, services.valkey, album.id)
        return UpdateAlbumPayload(album=await _shown(info, Album, album.id))

    @strawberry.mutation(
        description="Change a track: correct it, or take over what its master proposes.",
        extensions=[UserErrors(UpdateTrackPayload)],
    )
    async def update_track(self, info: Info, given: Annotated[UpdateTrackInput, INPUT]) -> UpdateTrackPayload | None:
        fields = _given(given, *TRACK_FIELDS, or_null=TRACK_FIELDS_OR_NULL)
        if fields.get("album_id") is not None:
            fields["album_id"] = ids.require(Album.type_name, fields["album_id"], field="albumId")
        if "credits" in fields:
            fields["credits"] = credits_of(fields["credits"])
        if "synced_lyrics" in fields:
            fields["synced_lyrics"] = [one.line for one in fields["synced_lyrics"]]
        services = info.context.services
        track = await changes.update_track(
            services.pool,
            info.context.require_viewer(),
            track_id=ids.require(Track.type_name, given.track_id, field="trackId"),
            change=changes.TrackChange(**fields),
        )
        if "album_id" in fields:
            await withdrawal.carry_out(services.pool, services.store, services.valkey, track.asset_id)
        return UpdateTrackPayload(track=await _shown(info, Track, track.id))

    @strawberry.mutation(
        description="Withdraw a track: nobody can play it any more, also by URLs that were given out. It may be"
        " reinstated. A whole release is withdrawn by `updateAlbum`.",
        extensions=[UserErrors(WithdrawTrackPayload)],
    )
    async def withdraw_track(
        self, info: Info, given: Annotated[WithdrawTrackInput, INPUT]
    ) -> WithdrawTrackPayload | None:
        services, viewer = info.context.services, info.context.require_viewer()
        key = ids.require(Track.type_name, given.track_id, field="trackId")
        track = await withdrawal.withdraw(services.pool, viewer, track_id=key)
        await withdrawal.carry_out(services.pool, services.store, services.valkey, track.asset_id)
        return WithdrawTrackPayload(track=await _shown(info, Track, track.id))

    @strawberry.mutation(
        description="Offer a withdrawn track again: it can be played, also by URLs that have not expired, unless its"
        " release is withdrawn.",
        extensions=[UserErrors(ReinstateTrackPayload)],
    )
    async def reinstate_track(
        self, info: Info, given: Annotated[ReinstateTrackInput, INPUT]
    ) -> ReinstateTrackPayload | None:
        services, viewer = info.context.services, info.context.require_viewer()
        key = ids.require(Track.type_name, given.track_id, field="trackId")
        track = await withdrawal.reinstate(services.pool, viewer, track_id=key)
        await withdrawal.carry_out(services.pool, services.store, services.valkey, track.asset_id)
        return ReinstateTrackPayload(track=await _shown(info, Track, track.id))

    @strawberry.mutation(
        description="Delete a track, for good. URLs that were given out work until they expire.",
        extensions=[UserErrors(DeleteTrackPayload)],
    )
    async def delete_track(self, info: Info, given: Annotated[DeleteTrackInput, INPUT]) -> DeleteTrackPayload | None:
        await deletion.delete_track(
            info.context.services.pool,
            info.context.require_viewer(),
            track_id=ids.require(Track.type_name, given.track_id, field="trackId"),
            removal_delay=_removal_delay(info),
        )
        return DeleteTrackPayload(deleted_track_id=given.track_id)

    @strawberry.mutation(
        description="Delete an album with its tracks, those of other artists among them, for good."
        " URLs that were given out work until they expire.",
        extensions=[UserErrors(DeleteAlbumPayload)],
    )
    async def delete_album(self, info: Info, given: Annotated[DeleteAlbumInput, INPUT]) -> DeleteAlbumPayload | None:
        await deletion.delete_album(
            info.context.services.pool,
            info.context.require_viewer(),
            album_id=ids.require(Album.type_name, given.album_id, field="albumId"),
            removal_delay=_removal_delay(info),
        )
        return DeleteAlbumPayload(deleted_album_id=given.album_id)

    @strawberry.mutation(
        description="Delete an artist with its music, and with what other artists have on its albums, for good."
        " URLs that were given out work until they expire.",
        extensions=[UserErrors(DeleteArtistPayload)],
    )
    async def delete_artist(self, info: Info, given: Annotated[DeleteArtistInput, INPUT]) -> DeleteArtistPayload | None:
        await deletion.delete_artist(
            info.context.services.pool,
            info.context.require_viewer(),
            artist_id=ids.require(Artist.type_name, given.artist_id, field="artistId"),
            removal_delay=_removal_delay(info),
        )
        return DeleteArtistPayload(deleted_artist_id=given.artist_id)


def _given(wanted: object, *names: str, or_null: tuple[str, ...]) -> dict[str, Any]:
    """Those of an input's fields that are not left out; null says something only of what there need not be."""
    given = {name: getattr(wanted, name) for name in (*names, *or_null)}
    left_out = {name for name, value in given.items() if value is strawberry.UNSET or (value is None and name in names)}
    return {name: value for name, value in given.items() if name not in left_out}


async def _shown(info: Info, node_type: type[N], key: UUID) -> N | None:
    """What is selected of the payload's object, in the field that is named for its type."""
    return await info.context.reader.one(info, node_type, key, under=(node_type.type_name.lower(),))


def _removal_delay(info: Info) -> timedelta:
    return timedelta(seconds=info.context.services.settings.media.removal_delay_s)
