"""Deliveries in GraphQL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, cast

import strawberry
from strawberry.types.arguments import InputContext

from graph import ids
from graph.catalog.credits import Credit
from graph.catalog.inputs import CreditInput, LyricLineInput, credits_of
from graph.catalog.releases import ReleaseState, ReleaseType
from graph.errors import Problem, ProblemCode, Refused
from graph.licences.types import LicenceInput
from graph.payloads import Payload
from graph.supply.rules import Accepted, Rejection, SuppliedAlbum, SuppliedTrack


@strawberry.input(
    description="The release that a delivered track is on; made when there is none. Of several rows that name one"
    " release, the first that says something of it counts. Name it the same way in all of them, by `key` or by artist"
    " and title."
)
class SuppliedAlbumInput:
    key: str | None = strawberry.field(
        default=None,
        description="Your own name for the release, such as its UPC, by which it is known again; else its artist and"
        " title are.",
    )
    title: str = strawberry.field(description="The title as it is shown; 200 characters at most.")
    artist: str | None = strawberry.field(
        default=None, description="The artist of the album as a whole; left out, that of the track."
    )
    type: ReleaseType | None = strawberry.field(
        default=None, description="What shops and charts call it; ALBUM for a new one."
    )
    release_date: date | None = strawberry.field(default=None, description="The day of the release.")
    state: ReleaseState | None = strawberry.field(
        default=None, description="Whether listeners see it; LIVE for a new one."
    )
    live_at: datetime | None = strawberry.field(
        default=None, description="When it goes live: for a SCHEDULED release, and for no other."
    )
    genres: list[str] | None = strawberry.field(default=None, description="Its genres by name, at most 10.")

    @property
    def supplied(self) -> SuppliedAlbum:
        return SuppliedAlbum(
            key=self.key,
            title=self.title,
            artist=self.artist,
            type=self.type,
            release_date=self.release_date,
            state=self.state,
            live_at=self.live_at,
            genres=self.genres,
        )


@strawberry.input(
    description="One track of a delivery. What is left out stays as it is; a new track has it as by `createTrack`."
)
class SuppliedTrackInput:
    key: str | None = strawberry.field(
        default=None, description="Your own name for the track, by which it is known again; else its ISRC is."
    )
    isrc: str | None = strawberry.field(default=None, description="The ISRC, with or without hyphens.")
    title: str = strawberry.field(description="The title as it is shown; 200 characters at most.")
    artist: str = strawberry.field(description="The name of one of your artists, made when there is none.")
    album: SuppliedAlbumInput | None = strawberry.field(default=None, description="The release it is on.")
    disc_number: int | None = strawberry.field(default=None, description="The disc, from 1 to 999.")
    track_number: int | None = strawberry.field(default=None, description="The number on the disc, from 1 to 999.")
    explicit: bool | None = strawberry.field(default=None, description="Whether the lyrics are marked as explicit.")
    genres: list[str] | None = strawberry.field(default=None, description="Its genres by name, at most 10.")
    credits: list[CreditInput] | None = strawberry.field(default=None, description="Who did what, at most 100.")
    lyrics: str | None = strawberry.field(default=None, description="The lyrics as plain text.")
    synced_lyrics: list[LyricLineInput] | None = strawberry.field(
        default=None, description="The lyrics with times, at most 2,000 lines in their order; an empty list for none."
    )
    licences: list[LicenceInput] | None = strawberry.field(
        default=None,
        description="Where and when it may be heard, at most 2,000 by market; an empty list for everywhere.",
    )

    @property
    def supplied(self) -> SuppliedTrack:
        credits_: list[Credit] | None = None
        problems: tuple[Problem, ...] = ()
        try:
            credits_ = None if self.credits is None else credits_of(self.credits)
        except Refused as refusal:  # of this row alone
            problems = refusal.problems
        return SuppliedTrack(
            key=self.key,
            isrc=self.isrc,
            title=self.title,
            artist=self.artist,
            album=None if self.album is None else self.album.supplied,
            disc_number=self.disc_number,
            track_number=self.track_number,
            explicit=self.explicit,
            genres=self.genres,
            credits=credits_,
            lyrics=self.lyrics,
            synced_lyrics=None if self.synced_lyrics is None else [one.line for one in self.synced_lyrics],
            licences=None if self.licences is None else [one.grant for one in self.licences],
            problems=problems,
        )


@strawberry.input(description="A delivery of tracks.")
class UpsertTracksInput:
    tracks: list[SuppliedTrackInput] = strawberry.field(description="At most 10,000.")
    read: strawberry.Private[Callable[[], list[SuppliedTrack]]]

    async def supplied(self) -> list[SuppliedTrack]:
        """The rows, read in a thread: objects of tens of thousands of values take a second that others would wait."""
        return await asyncio.to_thread(self.read)


def _unread(made_of: type[UpsertTracksInput], value: Mapping[str, Any], context: InputContext) -> UpsertTracksInput:
    """A delivery whose rows have been checked against their type, and are not objects yet."""

    def read() -> list[SuppliedTrack]:
        rows = cast("list[SuppliedTrackInput]", context.convert(value["tracks"], list[SuppliedTrackInput], "tracks"))
        return [row.supplied for row in rows]

    return made_of(tracks=[], read=read)


UpsertTracksInput.__strawberry_definition__.from_input = _unread  # type: ignore[attr-defined] # put there by Strawberry


@strawberry.type(description="A track that was written.")
class UpsertedTrack:
    index: int = strawberry.field(description="The place of its row in the delivery, from 0.")
    track_id: strawberry.ID = strawberry.field(description="The track's id, to which to upload its master.")
    created: bool = strawberry.field(description="Whether it is new.")

    @classmethod
    def of(cls, accepted: Accepted) -> UpsertedTrack:
        track_id = strawberry.ID(ids.encode("Track", accepted.track_id))
        return cls(index=accepted.index, track_id=track_id, created=accepted.created)


@strawberry.type(description="One thing that is wrong with a row, which was not written.")
class RejectedTrack:
    index: int = strawberry.field(description="The place of the row in the delivery, from 0.")
    field: list[str] = strawberry.field(description="The path to the value below the row.")
    message: str = strawberry.field(description="One sentence for people.")
    code: ProblemCode = strawberry.field(description="The same for programs.")

    @classmethod
    def of(cls, rejection: Rejection) -> RejectedTrack:
        problem = rejection.problem
        return cls(index=rejection.index, field=list(problem.field), message=problem.message, code=problem.code)


@strawberry.type(description="What `upsertTracks` answers.")
class UpsertTracksPayload(Payload):
    tracks: list[UpsertedTrack] | None = strawberry.field(
        default=None, description="What was written, one for each row, in the order of the delivery."
    )
    rejected: list[RejectedTrack] | None = strawberry.field(
        default=None, description="What was not, and why, in the order of the delivery; one for each fault of a row."
    )
