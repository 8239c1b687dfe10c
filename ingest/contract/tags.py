"""What a master says about itself."""

from __future__ import annotations

from uuid import UUID

import msgspec


class LyricLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of synchronised lyrics, and when it is sung."""

    start_ms: int
    text: str


class Tags(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a master says about itself: proposed to the artist, in `assets.proposed_tags`, and never acted upon."""

    title: str | None = None
    artist: str | None = None
    """The artists as they are credited, in one text."""
    artists: tuple[str, ...] = ()
    album: str | None = None
    album_artist: str | None = None
    track_number: int | None = None
    track_total: int | None = None
    disc_number: int | None = None
    disc_total: int | None = None
    date: str | None = None
    """`YYYY`, `YYYY-MM` or `YYYY-MM-DD`."""
    isrc: str | None = None
    """The twelve characters (ISO 3901)."""
    isrc_as_written: str | None = None
    genres: tuple[str, ...] = ()
    musicbrainz_recording_id: UUID | None = None
    musicbrainz_release_id: UUID | None = None
    musicbrainz_release_group_id: UUID | None = None
    musicbrainz_artist_ids: tuple[UUID, ...] = ()
    lyrics: str | None = None
    synced_lyrics: tuple[LyricLine, ...] = ()
