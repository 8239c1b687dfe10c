"""The tags of a master in GraphQL."""

from __future__ import annotations

from uuid import UUID

import msgspec
import strawberry

from graph.scalars import ISRC
from ingest import contract


@strawberry.type(description="One line of lyrics, and when it is sung.")
class LyricLine:
    start_ms: int = strawberry.field(description="Milliseconds from the start of the track.")
    text: str = strawberry.field(description="The line; empty where nothing is sung.")


def lines_of(text: str) -> list[LyricLine]:
    """Lines as the database has them."""
    lines = msgspec.json.decode(text, type=tuple[contract.LyricLine, ...])
    return [LyricLine(start_ms=line.start_ms, text=line.text) for line in lines]


@strawberry.type(
    description=(
        "The tags of a master, cleaned up. Nothing of them is used unless the artist takes it over, by `updateTrack`"
        " and `updateAlbum`."
    )
)
class ProposedTags:
    title: str | None = strawberry.field(description="The title.")
    artist: str | None = strawberry.field(description="The artists as they are credited.")
    artists: list[str] = strawberry.field(description="The artists one by one; at most 20.")
    album: str | None = strawberry.field(description="The album's title.")
    album_artist: str | None = strawberry.field(description="The artist of the album as a whole.")
    track_number: int | None = strawberry.field(description="The number on the disc.")
    track_total: int | None = strawberry.field(description="How many tracks the disc has.")
    disc_number: int | None = strawberry.field(description="The disc.")
    disc_total: int | None = strawberry.field(description="How many discs the album has.")
    date: str | None = strawberry.field(description="The release as `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.")
    isrc: ISRC | None = strawberry.field(description="The International Standard Recording Code, without hyphens.")
    isrc_as_written: str | None = strawberry.field(description="What the file has in its place, right or wrong.")
    genres: list[str] = strawberry.field(description="The genres; at most 20.")
    musicbrainz_recording_id: UUID | None = strawberry.field(description="The recording in MusicBrainz.")
    musicbrainz_release_id: UUID | None = strawberry.field(description="The release in MusicBrainz.")
    musicbrainz_release_group_id: UUID | None = strawberry.field(description="The release group in MusicBrainz.")
    musicbrainz_artist_ids: list[UUID] = strawberry.field(description="The artists in MusicBrainz; at most 20.")
    lyrics: str | None = strawberry.field(description="The lyrics as plain text.")
    synced_lyrics: list[LyricLine] = strawberry.field(
        description="The lyrics with times, at most 2,000 lines; empty without."
    )

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
            isrc=None if tags.isrc is None else ISRC(tags.isrc),
            isrc_as_written=tags.isrc_as_written,
            genres=list(tags.genres),
            musicbrainz_recording_id=tags.musicbrainz_recording_id,
            musicbrainz_release_id=tags.musicbrainz_release_id,
            musicbrainz_release_group_id=tags.musicbrainz_release_group_id,
            musicbrainz_artist_ids=list(tags.musicbrainz_artist_ids),
            lyrics=tags.lyrics,
            synced_lyrics=[LyricLine(start_ms=line.start_ms, text=line.text) for line in tags.synced_lyrics],
        )
