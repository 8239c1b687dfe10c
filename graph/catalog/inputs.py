"""What the catalogue's mutations take and answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import strawberry

from graph import ids
from graph.catalog.credits import Credit, CreditRole
from graph.catalog.lyrics import Line
from graph.catalog.releases import ReleaseState, ReleaseType
from graph.catalog.types import Album, Artist, Track
from graph.payloads import Payload, Repeatable


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
class CreateArtistInput(Repeatable):
    name: str = strawberry.field(description="The name as it is shown; 200 characters at most.")


@strawberry.input(description="A new album of one of your artists.")
class CreateAlbumInput(Repeatable):
    artist_id: strawberry.ID = strawberry.field(description="Whose album it is.")
    title: str = strawberry.field(description="The title as it is shown; 200 characters at most.")
    release_date: date | None = strawberry.field(default=None, description="The day of the release.")
    type: ReleaseType | None = strawberry.field(
        default=ReleaseType.ALBUM, description="What shops and charts call it; ALBUM when it is left out."
    )
    state: ReleaseState | None = strawberry.field(
        default=ReleaseState.LIVE, description="Whether listeners see it; LIVE when it is left out."
    )
    live_at: datetime | None = strawberry.field(
        default=None, description="When it goes live: for a SCHEDULED release, and for no other."
    )


@strawberry.input(description="A new track of one of your artists.")
class CreateTrackInput(Repeatable):
    artist_id: strawberry.ID = strawberry.field(description="Who made it.")
    album_id: strawberry.ID | None = strawberry.field(default=None, description="The album it is on.")
    title: str = strawberry.field(description="The title as it is shown; 200 characters at most.")
    isrc: str | None = strawberry.field(default=None, description="The ISRC, with or without hyphens.")
    disc_number: int | None = strawberry.field(default=1, description="The disc, from 1 to 999; 1 when it is left out.")
    track_number: int | None = strawberry.field(default=None, description="The number on the disc, from 1 to 999.")
    explicit: bool | None = strawberry.field(default=False, description="Whether the lyrics are marked as explicit.")


@strawberry.input(description="Who did something on a track.")
class CreditInput:
    role: CreditRole = strawberry.field(description="What they did.")
    name: str = strawberry.field(description="The name as it is to be read; 200 characters at most.")
    artist_id: strawberry.ID | None = strawberry.field(
        default=None, description="The artist of the catalogue, if they are one; the credit leads there."
    )

    def credit(self, *, field: str) -> Credit:
        """Raises Refused."""
        artist_id = None if self.artist_id is None else ids.require("Artist", self.artist_id, field=f"{field}.artistId")
        return Credit(role=self.role, name=self.name, artist_id=artist_id)


def credits_of(given: Sequence[CreditInput]) -> list[Credit]:
    """What an input's field of that name says. Raises Refused."""
    return [one.credit(field=f"credits.{place}") for place, one in enumerate(given)]


@strawberry.input(description="One line of lyrics, and when it is sung.")
class LyricLineInput:
    start_ms: int = strawberry.field(description="Milliseconds from the start of the track.")
    text: str = strawberry.field(description="The line; empty where nothing is sung.")

    @property
    def line(self) -> Line:
        return Line(start_ms=self.start_ms, text=self.text)


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
    type: ReleaseType | None = strawberry.field(default=strawberry.UNSET, description="What shops and charts call it.")
    state: ReleaseState | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "Whether listeners see it, and its tracks. URLs that were given out work until they expire, unless it is"
            " WITHDRAWN."
        ),
    )
    live_at: datetime | None = strawberry.field(
        default=strawberry.UNSET,
        description="When it goes live: for a SCHEDULED release. Another state takes the time away.",
    )
    genres: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="Its genres by name, at most 10, in the place of those that it has."
    )
    musicbrainz_release_id: UUID | None = strawberry.field(
        default=strawberry.UNSET, description="The release in MusicBrainz; null takes it away."
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
    genres: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="Its genres by name, at most 10, in the place of those that it has."
    )
    credits: list[CreditInput] | None = strawberry.field(
        default=strawberry.UNSET, description="Who did what, at most 100, in the place of the credits that it has."
    )
    lyrics: str | None = strawberry.field(
        default=strawberry.UNSET, description="The lyrics as plain text; null takes them away."
    )
    synced_lyrics: list[LyricLineInput] | None = strawberry.field(
        default=strawberry.UNSET,
        description="The lyrics with times, at most 2,000 lines in their order, in the place of those it has.",
    )
    musicbrainz_recording_id: UUID | None = strawberry.field(
        default=strawberry.UNSET, description="The recording in MusicBrainz; null takes it away."
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
