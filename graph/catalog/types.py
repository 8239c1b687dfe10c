"""Artist, Album and Track in GraphQL; `graph.catalog.reads` declares how they are read."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, ClassVar
from uuid import UUID

import strawberry

from graph import enums
from graph.catalog.credits import CreditRole
from graph.catalog.reads import ALBUM, ARTIST, CREDIT, INGEST_STATE, TRACK
from graph.catalog.releases import ReleaseState, ReleaseType
from graph.connections import After, Before, Connection, First, Last, connected
from graph.context import Info
from graph.failures import IngestFailure
from graph.images.types import Illustrated
from graph.licences.types import Licence
from graph.mastering.types import AlbumLoudness, QualityWarning, TrackLoudness
from graph.profiles.types import ArtistLink
from graph.proposals.tags import LyricLine
from graph.proposals.types import Proposal
from graph.reads.declarations import Entity
from ingest.contract import Stage, Status

if TYPE_CHECKING:
    from graph.genres.types import Genre

enums.publish(
    Status,
    name="IngestStatus",
    description="Where an uploaded master is on its way to listeners.",
    values={
        Status.QUEUED: "Accepted, and waiting for a worker.",
        Status.PROCESSING: "A worker is on it.",
        Status.READY: "Listeners can play it; final.",
        Status.FAILED: "The master was refused, `failure` says why; final.",
    },
)
enums.publish(
    Stage,
    name="IngestStage",
    description="The step of ingest that runs or ran last.",
    values={
        Stage.QUEUED: "Nothing was done yet.",
        Stage.FETCH: "The master is copied out of the object store.",
        Stage.DECODE: "The master is decoded to its end.",
        Stage.MEASURE: "Loudness and true peak are measured.",
        Stage.ENCODE: "The renditions are encoded, decoded again to be compared with the master, and stored.",
        Stage.PUBLISH: "The description of the renditions is stored.",
        Stage.DONE: "Nothing is left to do.",
    },
)


LazyGenre = Annotated["Genre", strawberry.lazy("graph.genres.types")]
"""Genre leads back to albums and tracks, so it can only be named here."""


@strawberry.type(description="How far the newest master of a track is.")
class IngestState:
    entity: ClassVar[Entity] = INGEST_STATE
    status: Status = strawberry.field(description="Where it is.")
    stage: Stage = strawberry.field(description="The step that runs or ran last.")
    fraction: float = strawberry.field(description="How much of the whole is done, from 0 to 1.")
    failure: IngestFailure | None = strawberry.field(description="Set when `status` is FAILED.")
    quarantined: bool | None = strawberry.field(
        description="Whether it failed by a fault of ours: the file is kept, and is tried again once that is mended."
    )


enums.publish(
    ReleaseType,
    name="ReleaseType",
    description="What shops and charts call a release.",
    values={
        ReleaseType.SINGLE: "One song, perhaps in several versions.",
        ReleaseType.EP: "More than a single and less than an album.",
        ReleaseType.ALBUM: "An album.",
        ReleaseType.COMPILATION: "A collection of what has been released before, or of many artists.",
    },
)
enums.publish(
    ReleaseState,
    name="ReleaseState",
    description="Whether listeners see a release. Whoever manages it, and admins, see it in every state.",
    values={
        ReleaseState.DRAFT: "It is being prepared; listeners do not see it.",
        ReleaseState.SCHEDULED: "Listeners see it from `liveAt` on; then it is LIVE.",
        ReleaseState.LIVE: "Listeners see it.",
        ReleaseState.WITHDRAWN: "Listeners do not see it any more.",
    },
)
enums.publish(
    CreditRole,
    name="CreditRole",
    description="What somebody did on a track.",
    values={
        CreditRole.FEATURED: "Is a guest.",
        CreditRole.PERFORMER: "Sings or plays.",
        CreditRole.COMPOSER: "Wrote the music.",
        CreditRole.LYRICIST: "Wrote the words.",
        CreditRole.ARRANGER: "Arranged it.",
        CreditRole.CONDUCTOR: "Conducted it.",
        CreditRole.PRODUCER: "Produced it.",
        CreditRole.REMIXER: "Made a remix of it.",
        CreditRole.ENGINEER: "Recorded it.",
        CreditRole.MIXER: "Mixed it.",
        CreditRole.MASTERING: "Mastered it.",
        CreditRole.PUBLISHER: "Publishes the work.",
    },
)


@strawberry.enum(description="How albums are ordered.")
class AlbumOrder(Enum):
    ADDED = strawberry.enum_value("added", description="As they were added.")
    NEWEST = strawberry.enum_value(
        "newest", description="By the day of the release, the newest first; those without a day come last."
    )


@strawberry.type(description="Somebody who makes music: a person, a band, an orchestra.")
class Artist(Illustrated):
    entity: ClassVar[Entity] = ARTIST
    type_name: ClassVar[str] = ARTIST.type_name
    name: str = strawberry.field(description="The name as it is shown.")
    biography: str | None = strawberry.field(description="What there is to say about the artist, as plain text.")
    links: list[ArtistLink] = strawberry.field(description="Pages elsewhere.")
    viewer_is_following: bool = strawberry.field(
        description="Whether you follow the artist; false when nobody is signed in."
    )

    @strawberry.field(description="The artist's albums, in the order in which they were added unless told otherwise.")
    def albums(  # noqa: PLR0917 -- arguments of a field
        self,
        info: Info,
        order_by: Annotated[AlbumOrder, strawberry.argument(description="How they are ordered.")] = AlbumOrder.ADDED,
        type_: Annotated[
            ReleaseType | None, strawberry.argument(name="type", description="Only those of this type.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Album] | None:
        return connected(self, info)

    @strawberry.field(description="The artist's tracks in the order in which they were added.")
    def tracks(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Track] | None:
        return connected(self, info)


@strawberry.type(description="A release of one artist.")
class Album(Illustrated):
    entity: ClassVar[Entity] = ALBUM
    type_name: ClassVar[str] = ALBUM.type_name
    title: str = strawberry.field(description="The title as it is shown.")
    release_date: date | None = strawberry.field(description="The day of the release, if it is known.")
    type: ReleaseType = strawberry.field(description="What shops and charts call it.")
    state: ReleaseState = strawberry.field(description="Whether listeners see it.")
    live_at: datetime | None = strawberry.field(description="When it goes, or has gone, live, if that was scheduled.")
    musicbrainz_release_id: UUID | None = strawberry.field(description="The release in MusicBrainz.")
    viewer_has_saved: bool = strawberry.field(
        description="Whether it is in your library; false when nobody is signed in."
    )
    artist: Artist | None = strawberry.field(description="Whose album it is.")
    loudness: AlbumLoudness | None = strawberry.field(
        description="The loudness of its tracks together; its figures are null until one is ready."
    )

    @strawberry.field(description="What kinds of music it is, as the artist orders them.")
    def genres(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[LazyGenre] | None:
        return connected(self, info)

    @strawberry.field(description="The tracks by disc and number; those without a number come last on their disc.")
    def tracks(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Track] | None:
        return connected(self, info)


@strawberry.type(description="Who did something on a track.")
class Credit:
    entity: ClassVar[Entity] = CREDIT
    role: CreditRole = strawberry.field(description="What they did.")
    name: str = strawberry.field(description="The name as it is to be read.")
    artist: Artist | None = strawberry.field(description="The artist of the catalogue, if they are one.")


@strawberry.type(description="One recording. It is visible to listeners once its media are ready.")
class Track(Illustrated):
    entity: ClassVar[Entity] = TRACK
    type_name: ClassVar[str] = TRACK.type_name
    title: str = strawberry.field(description="The title as it is shown.")
    isrc: str | None = strawberry.field(description="The International Standard Recording Code, without hyphens.")
    disc_number: int = strawberry.field(description="The disc of the album, from 1.")
    track_number: int | None = strawberry.field(description="The number on the disc, from 1.")
    explicit: bool = strawberry.field(description="Whether the lyrics are marked as explicit.")
    duration_ms: int | None = strawberry.field(description="In milliseconds; null until the media are ready.")
    withdrawn_at: datetime | None = strawberry.field(
        description="Since when nobody can play it, also by URLs that were given out; null while it is offered."
    )
    integrated_lufs: float | None = strawberry.field(
        description="Integrated loudness of the master in LUFS (ITU-R BS.1770); null for silence and until measured.",
        deprecation_reason="Ask `loudness`, which has every figure.",
    )
    true_peak_dbtp: float | None = strawberry.field(
        description="True peak of the master in dBTP (ITU-R BS.1770); null for silence and until measured.",
        deprecation_reason="Ask `loudness`, which has every figure.",
    )
    musicbrainz_recording_id: UUID | None = strawberry.field(description="The recording in MusicBrainz.")
    lyrics: str | None = strawberry.field(description="The lyrics as plain text.")
    synced_lyrics: list[LyricLine] = strawberry.field(
        description="The lyrics line by line, with the times at which they are sung; empty without."
    )
    waveform: list[int] | None = strawberry.field(
        description=(
            "The course of the level for a player's scrubber: points at equal distances from start to end, from 0 for"
            " silence to 255 for the loudest place; null until it is measured."
        )
    )
    viewer_has_liked: bool = strawberry.field(description="Whether you like it; false when nobody is signed in.")
    artist: Artist | None = strawberry.field(description="Who made it.")
    album: Album | None = strawberry.field(description="The album it is on, if it is on one.")
    ingest: IngestState | None = strawberry.field(
        description="How far the newest master is; null without one, and for all but owner and admins."
    )
    loudness: TrackLoudness | None = strawberry.field(
        description="The loudness of the master; null until the media are ready."
    )
    quality_warnings: list[QualityWarning] | None = strawberry.field(
        description="What quality control found in the newest ready master; null without, and for all but owner and"
        " admins."
    )
    proposal: Proposal | None = strawberry.field(
        description="What the newest ready master says about itself; null without, and for all but owner and admins."
    )

    @strawberry.field(description="What kinds of music it is, as the artist orders them.")
    def genres(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[LazyGenre] | None:
        return connected(self, info)

    @strawberry.field(description="Who did what, as the artist orders them.")
    def credits(  # noqa: PLR0917 -- arguments of a field
        self,
        info: Info,
        role: Annotated[CreditRole | None, strawberry.argument(description="Only those who did this.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Credit] | None:
        return connected(self, info)

    @strawberry.field(
        description=(
            "Where and when it may be heard; without any, everywhere and always. Empty for all but who manages it, and"
            " admins."
        )
    )
    def licences(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Licence] | None:
        return connected(self, info)
