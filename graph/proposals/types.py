"""A proposal in GraphQL."""

from __future__ import annotations

from uuid import UUID

import strawberry

from graph.context import Info
from graph.images.types import Image, image_by_key
from graph.proposals import loaders
from ingest import contract

SCALARS = {
    UUID: strawberry.scalar(
        name="UUID",
        description="An id of another catalogue, in the 36 characters of RFC 9562; our own ids are ID.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc9562",
        serialize=str,
        parse_value=UUID,
    )
}


@strawberry.type(description="One line of lyrics, and when it is sung.")
class LyricLine:
    start_ms: int = strawberry.field(description="Milliseconds from the start of the track.")
    text: str = strawberry.field(description="The line; empty where nothing is sung.")


@strawberry.type(
    description=(
        "The tags of a master, cleaned up. Nothing of them is used unless the artist takes it over, by `updateTrack`"
        " and `updateAlbum`."
    )
)
class ProposedTags:
    title: str | None = strawberry.field(description="The title.")
    artist: str | None = strawberry.field(description="The artists as they are credited.")
    artists: list[str] = strawberry.field(description="The artists one by one.")
    album: str | None = strawberry.field(description="The album's title.")
    album_artist: str | None = strawberry.field(description="The artist of the album as a whole.")
    track_number: int | None = strawberry.field(description="The number on the disc.")
    track_total: int | None = strawberry.field(description="How many tracks the disc has.")
    disc_number: int | None = strawberry.field(description="The disc.")
    disc_total: int | None = strawberry.field(description="How many discs the album has.")
    date: str | None = strawberry.field(description="The release as `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.")
    isrc: str | None = strawberry.field(description="The International Standard Recording Code, without hyphens.")
    isrc_as_written: str | None = strawberry.field(description="What the file has in its place, right or wrong.")
    genres: list[str] = strawberry.field(description="The genres.")
    musicbrainz_recording_id: UUID | None = strawberry.field(description="The recording in MusicBrainz.")
    musicbrainz_release_id: UUID | None = strawberry.field(description="The release in MusicBrainz.")
    musicbrainz_release_group_id: UUID | None = strawberry.field(description="The release group in MusicBrainz.")
    musicbrainz_artist_ids: list[UUID] = strawberry.field(description="The artists in MusicBrainz.")
    lyrics: str | None = strawberry.field(description="The lyrics as plain text.")
    synced_lyrics: list[LyricLine] = strawberry.field(description="The lyrics with times; empty without.")

    @classmethod
    def of(cls, tags: contract.Tags) -> ProposedTags:
        return cls(
            title=tags.title,
            artist=tags.artist,
            artists=list(tags.artists),
            album=tags.album,
            album_artist=tags.album_artist,
            track_number=tags.track_number,
            track_total=tags.track_total,
            disc_number=tags.disc_number,
            disc_total=tags.disc_total,
            date=tags.date,
            isrc=tags.isrc,
            isrc_as_written=tags.isrc_as_written,
            genres=list(tags.genres),
            musicbrainz_recording_id=tags.musicbrainz_recording_id,
            musicbrainz_release_id=tags.musicbrainz_release_id,
            musicbrainz_release_group_id=tags.musicbrainz_release_group_id,
            musicbrainz_artist_ids=list(tags.musicbrainz_artist_ids),
            lyrics=tags.lyrics,
            synced_lyrics=[LyricLine(start_ms=line.start_ms, text=line.text) for line in tags.synced_lyrics],
        )


@strawberry.type(description="What the newest ready master of a track says about itself.")
class Proposal:
    record: strawberry.Private[loaders.Proposal]
    tags: ProposedTags | None = strawberry.field(description="Its tags, if it has any.")

    @classmethod
    def of(cls, record: loaders.Proposal) -> Proposal:
        return cls(record=record, tags=None if record.tags is None else ProposedTags.of(record.tags))

    @strawberry.field(
        description=(
            "The picture inside it, if it has one; `setArtwork` takes it over. It may still be drawn, or have failed."
        )
    )
    async def image(self, info: Info) -> Image | None:
        return await image_by_key(info.context, self.record.image_id)
