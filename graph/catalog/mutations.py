"""Mutations of the catalogue: what an artist's account adds, changes and deletes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any

import strawberry

from graph import ids
from graph.catalog import changes, deletion, service, withdrawal
from graph.catalog.types import Album, Artist, Track
from graph.context import Info
from graph.payloads import INPUT, Payload, UserErrors


@strawberry.type(description="What `createArtist` answers.")
class CreateArtistPayload(Payload):
    artist: Artist | None = strawberry.field(default=None, description="The new artist.")


@strawberry.type(description="What `createAlbum` answers.")
class CreateAlbumPayload(Payload):
    album: Album | None = strawberry.field(default=None, description="The new album.")


@strawberry.type(description="What `createTrack` answers.")
class CreateTrackPayload(Payload):
    track: Track | None = strawberry.field(
        default=None, description="The new track; only you see it until it is ready."
    )


@strawberry.input(description="A new artist, owned by the signed-in account.")
class CreateArtistInput:
    name: str = strawberry.field(description="The name as it is shown; 200 characters at most.")


@strawberry.input(description="A new album of one of your artists.")
class CreateAlbumInput:
    artist_id: strawberry.ID = strawberry.field(description="Whose album it is.")
    title: str = strawberry.field(description="The title as it is shown; 200 characters at most.")
    release_date: date | None = strawberry.field(default=None, description="The day of the release.")


@strawberry.input(description="A new track of one of your artists.")
class CreateTrackInput:
    artist_id: strawberry.ID = strawberry.field(description="Who made it.")
    album_id: strawberry.ID | None = strawberry.field(default=None, description="The album it is on.")
    title: str = strawberry.field(description="The title as it is shown; 200 characters at most.")
    isrc: str | None = strawberry.field(default=None, description="The ISRC, with or without hyphens.")
    disc_number: int | None = strawberry.field(default=1, description="The disc, from 1 to 999; 1 when it is left out.")
    track_number: int | None = strawberry.field(default=None, description="The number on the disc, from 1 to 999.")
    explicit: bool | None = strawberry.field(default=False, description="Whether the lyrics are marked as explicit.")


@strawberry.type(description="What `updateAlbum` answers.")
class UpdateAlbumPayload(Payload):
    album: Album | None = strawberry.field(default=None, description="The album as it is now.")


@strawberry.type(description="What `updateTrack` answers.")
class UpdateTrackPayload(Payload):
    track: Track | None = strawberry.field(default=None, description="The track as it is now.")


@strawberry.input(description="What becomes of an album. What is left out stays as it is.")
class UpdateAlbumInput:
    album_id: strawberry.ID = strawberry.field(description="One of your albums.")
    title: str | None = strawberry.field(
        default=strawberry.UNSET, description="The title as it is shown; 200 characters at most."
    )
    release_date: date | None = strawberry.field(
        default=strawberry.UNSET, description="The day of the release; null when it is not known."
    )


@strawberry.input(description="What becomes of a track. What is left out stays as it is.")
class UpdateTrackInput:
    track_id: strawberry.ID = strawberry.field(description="One of your tracks.")
    album_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The album it is on; null takes it off its album."
    )
    title: str | None = strawberry.field(
        default=strawberry.UNSET, description="The title as it is shown; 200 characters at most."
    )
    isrc: str | None = strawberry.field(
        default=strawberry.UNSET, description="The ISRC, with or without hyphens; null takes it away."
    )
    disc_number: int | None = strawberry.field(default=strawberry.UNSET, description="The disc, from 1 to 999.")
    track_number: int | None = strawberry.field(
        default=strawberry.UNSET, description="The number on the disc, from 1 to 999; null takes it away."
    )
    explicit: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether the lyrics are marked as explicit."
    )


@strawberry.type(description="What `withdrawTrack` answers.")
class WithdrawTrackPayload(Payload):
    track: Track | None = strawberry.field(default=None, description="The track as it is now.")


@strawberry.type(description="What `reinstateTrack` answers.")
class ReinstateTrackPayload(Payload):
    track: Track | None = strawberry.field(default=None, description="The track as it is now.")


@strawberry.input(description="A track that nobody may play any more.")
class WithdrawTrackInput:
    track_id: strawberry.ID = strawberry.field(description="One of your tracks.")


@strawberry.input(description="A withdrawn track that may be played again.")
class ReinstateTrackInput:
    track_id: strawberry.ID = strawberry.field(description="One of your tracks.")


@strawberry.type(description="What `deleteTrack` answers.")
class DeleteTrackPayload(Payload):
    deleted_track_id: strawberry.ID | None = strawberry.field(default=None, description="What is gone.")


@strawberry.type(description="What `deleteAlbum` answers.")
class DeleteAlbumPayload(Payload):
    deleted_album_id: strawberry.ID | None = strawberry.field(default=None, description="What is gone.")


@strawberry.type(description="What `deleteArtist` answers.")
class DeleteArtistPayload(Payload):
    deleted_artist_id: strawberry.ID | None = strawberry.field(default=None, description="What is gone.")


@strawberry.input(description="A track that is to go, with everything that was uploaded and made of it.")
class DeleteTrackInput:
    track_id: strawberry.ID = strawberry.field(description="One of your tracks.")


@strawberry.input(description="An album that is to go, with its tracks.")
class DeleteAlbumInput:
    album_id: strawberry.ID = strawberry.field(description="One of your albums.")


@strawberry.input(description="An artist that is to go, with albums and tracks.")
class DeleteArtistInput:
    artist_id: strawberry.ID = strawberry.field(description="One of your artists.")


@strawberry.type
class CatalogMutation:
    """Merged into Mutation by `graph.schema`."""

    @strawberry.mutation(description="Add an artist.", extensions=[UserErrors(CreateArtistPayload)])
    async def create_artist(self, info: Info, given: Annotated[CreateArtistInput, INPUT]) -> CreateArtistPayload | None:
        artist = await service.create_artist(info.context.require_viewer(), name=given.name)
        return CreateArtistPayload(artist=Artist.of(artist))

    @strawberry.mutation(description="Add an album.", extensions=[UserErrors(CreateAlbumPayload)])
    async def create_album(self, info: Info, given: Annotated[CreateAlbumInput, INPUT]) -> CreateAlbumPayload | None:
        album = await service.create_album(
            info.context.services.pool,
            info.context.require_viewer(),
            artist_id=ids.require(Artist.type_name, given.artist_id, field="artistId"),
            title=given.title,
            release_date=given.release_date,
        )
        return CreateAlbumPayload(album=Album.of(album))

    @strawberry.mutation(
        description="Add a track; then upload its master.", extensions=[UserErrors(CreateTrackPayload)]
    )
    async def create_track(self, info: Info, given: Annotated[CreateTrackInput, INPUT]) -> CreateTrackPayload | None:
        album_id = given.album_id
        track = await service.create_track(
            info.context.services.pool,
            info.context.require_viewer(),
            artist_id=ids.require(Artist.type_name, given.artist_id, field="artistId"),
            album_id=None if album_id is None else ids.require(Album.type_name, album_id, field="albumId"),
            title=given.title,
            isrc=given.isrc,
            disc_number=1 if given.disc_number is None else given.disc_number,
            track_number=given.track_number,
            explicit=bool(given.explicit),
        )
        return CreateTrackPayload(track=Track.of(track))

    @strawberry.mutation(
        description="Change an album: correct it, or take over what its tracks' masters propose.",
        extensions=[UserErrors(UpdateAlbumPayload)],
    )
    async def update_album(self, info: Info, given: Annotated[UpdateAlbumInput, INPUT]) -> UpdateAlbumPayload | None:
        album = await changes.update_album(
            info.context.services.pool,
            info.context.require_viewer(),
            album_id=ids.require(Album.type_name, given.album_id, field="albumId"),
            change=changes.AlbumChange(**_given(given, "title", or_null=("release_date",))),
        )
        return UpdateAlbumPayload(album=Album.of(album))

    @strawberry.mutation(
        description="Change a track: correct it, or take over what its master proposes.",
        extensions=[UserErrors(UpdateTrackPayload)],
    )
    async def update_track(self, info: Info, given: Annotated[UpdateTrackInput, INPUT]) -> UpdateTrackPayload | None:
        fields = _given(given, "title", "disc_number", "explicit", or_null=("album_id", "isrc", "track_number"))
        if fields.get("album_id") is not None:
            fields["album_id"] = ids.require(Album.type_name, fields["album_id"], field="albumId")
        track = await changes.update_track(
            info.context.services.pool,
            info.context.require_viewer(),
            track_id=ids.require(Track.type_name, given.track_id, field="trackId"),
            change=changes.TrackChange(**fields),
        )
        return UpdateTrackPayload(track=Track.of(track))

    @strawberry.mutation(
        description="Withdraw a track: nobody can play it any more, also by URLs that were given out. It may be"
        " reinstated.",
        extensions=[UserErrors(WithdrawTrackPayload)],
    )
    async def withdraw_track(
        self, info: Info, given: Annotated[WithdrawTrackInput, INPUT]
    ) -> WithdrawTrackPayload | None:
        services, viewer = info.context.services, info.context.require_viewer()
        key = ids.require(Track.type_name, given.track_id, field="trackId")
        track = await withdrawal.withdraw(services.pool, viewer, track_id=key)
        await withdrawal.carry_out(services.pool, services.store, services.valkey, track.asset_id)
        return WithdrawTrackPayload(track=Track.of(track))

    @strawberry.mutation(
        description="Offer a withdrawn track again: it can be played, also by URLs that have not expired.",
        extensions=[UserErrors(ReinstateTrackPayload)],
    )
    async def reinstate_track(
        self, info: Info, given: Annotated[ReinstateTrackInput, INPUT]
    ) -> ReinstateTrackPayload | None:
        services, viewer = info.context.services, info.context.require_viewer()
        key = ids.require(Track.type_name, given.track_id, field="trackId")
        track = await withdrawal.reinstate(services.pool, viewer, track_id=key)
        await withdrawal.carry_out(services.pool, services.store, services.valkey, track.asset_id)
        return ReinstateTrackPayload(track=Track.of(track))

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
        description="Delete an album with its tracks, for good. URLs that were given out work until they expire.",
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
        description="Delete an artist with its music, for good. URLs that were given out work until they expire.",
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


def _removal_delay(info: Info) -> timedelta:
    return timedelta(seconds=info.context.services.settings.removal_delay_s)
