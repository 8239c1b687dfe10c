"""Artist, Album and Track in GraphQL; `graph.catalog.reads` declares how they are read."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, ClassVar
from uuid import UUID

import strawberry

from graph.catalog.credits import CreditRole
from graph.catalog.progress import IngestState
from graph.catalog.reads import ALBUM, ARTIST, CREDIT, TRACK
from graph.catalog.releases import ReleaseState, ReleaseType
from graph.catalog.vocabulary import AlbumOrder
from graph.connections import Connection, listing
from graph.images.types import Illustrated
from graph.licences.types import Licence
from graph.mastering.types import AlbumLoudness, QualityWarning, TrackLoudness
from graph.profiles.types import ArtistLink
from graph.proposals.tags import LyricLine
from graph.proposals.types import Proposal
from graph.reads.declarations import Entity
from graph.scalars import ISRC

if TYPE_CHECKING:
    from graph.genres.types import Genre
    from graph.listening.types import PopularTrackConnection

LazyGenre = Annotated["Genre", strawberry.lazy("graph.genres.types")]
LazyPopularTracks = Annotated["PopularTrackConnection", strawberry.lazy("graph.listening.types")]
"""Types that lead back to albums and tracks, so they can only be named here."""
OrderBy = Annotated[AlbumOrder, strawberry.argument(description="How they are ordered.")]
OfType = Annotated[ReleaseType | None, strawberry.argument(name="type", description="Only those of this type.")]
Did = Annotated[CreditRole | None, strawberry.argument(description="Only those who did this.")]


@strawberry.type(description="Somebody who makes music: a person, a band, an orchestra.")
class Artist(Illustrated):
    entity: ClassVar[Entity] = ARTIST
    type_name: ClassVar[str] = ARTIST.type_name
    name: str = strawberry.field(description="The name as it is shown.")
    biography: str | None = strawberry.field(description="What there is to say about the artist, as plain text.")
    links: list[ArtistLink] = strawberry.field(description="Pages elsewhere; at most 20.")
    viewer_is_following: bool = strawberry.field(
        description="Whether you follow the artist; false when nobody is signed in."
    )

    albums: Connection[Album] | None = strawberry.field(
        resolver=listing(order_by=(OrderBy, AlbumOrder.ADDED), type_=(OfType, None)),
        description="The artist's albums, in the order in which they were added unless told otherwise.",
    )
    tracks: Connection[Track] | None = strawberry.field(
        resolver=listing(), description="The artist's tracks in the order in which they were added."
    )

    popular_tracks: LazyPopularTracks | None = strawberry.field(
        resolver=listing(),
        description="What the artist is known for: the tracks by how much everybody plays them, a play four weeks ago"
        " counting half. What nobody has played yet follows in the order in which it was added. Plays are added every"
        " hour; withdrawn tracks are left out.",
    )


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
    genres: Connection[LazyGenre] | None = strawberry.field(
        resolver=listing(), description="What kinds of music it is, as the artist orders them."
    )
    tracks: Connection[Track] | None = strawberry.field(
        resolver=listing(),
        description="The tracks by disc and number; those without a number come last on their disc.",
    )


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
    isrc: ISRC | None = strawberry.field(description="The International Standard Recording Code, without hyphens.")
    disc_number: int = strawberry.field(description="The disc of the album, from 1.")
    track_number: int | None = strawberry.field(description="The number on the disc, from 1.")
    explicit: bool = strawberry.field(description="Whether the lyrics are marked as explicit.")
    duration_ms: int | None = strawberry.field(description="In milliseconds; null until the media are ready.")
    withdrawn_at: datetime | None = strawberry.field(
        description=(
            "Since when nobody can play it, also by URLs that were given out; null while it is offered. The release"
            " that it is on may be withdrawn besides."
        )
    )
    integrated_lufs: float | None = strawberry.field(
        description="Integrated loudness of the master in LUFS (ITU-R BS.1770); null for silence and until measured.",
        deprecation_reason="Since November 2026: ask `loudness`, which has every figure.",
    )
    true_peak_dbtp: float | None = strawberry.field(
        description="True peak of the master in dBTP (ITU-R BS.1770); null for silence and until measured.",
        deprecation_reason="Since November 2026: ask `loudness`, which has every figure.",
    )
    musicbrainz_recording_id: UUID | None = strawberry.field(description="The recording in MusicBrainz.")
    lyrics: str | None = strawberry.field(description="The lyrics as plain text.")
    synced_lyrics: list[LyricLine] = strawberry.field(
        description="The lyrics line by line, at most 2,000, with the times at which they are sung; empty without."
    )
    waveform: list[int] | None = strawberry.field(
        description=(
            "The course of the level for a player's scrubber: at most 200 points at equal distances from start to end,"
            " from 0 for silence to 255 for the loudest place; null until it is measured."
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
        description="What quality control found in the newest ready master, at most one of each code; null without,"
        " and for all but owner and admins."
    )
    proposal: Proposal | None = strawberry.field(
        description="What the newest ready master says about itself; null without, and for all but owner and admins."
    )
    genres: Connection[LazyGenre] | None = strawberry.field(
        resolver=listing(), description="What kinds of music it is, as the artist orders them."
    )
    credits: Connection[Credit] | None = strawberry.field(
        resolver=listing(role=(Did, None)), description="Who did what, as the artist orders them."
    )
    licences: Connection[Licence] | None = strawberry.field(
        resolver=listing(),
        description="Where and when it may be heard; without any, everywhere and always. Empty for all but who manages"
        " it, and admins.",
    )
