"""The catalogue's rows as records, and what follows from them alone.

Pure. A track's record carries its newest finished media and the state of its newest revision, because every reader
needs one or the other and a join is cheaper than a second statement.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import msgspec

from graph.catalog.releases import ReleaseState, ReleaseType
from graph.rows import Row
from ingest.contract import FailureCode, Stage, Status


class Artist(msgspec.Struct, frozen=True, kw_only=True):
    """One artist."""

    id: UUID
    owner_id: UUID
    name: str
    image_id: UUID | None = None


class Album(msgspec.Struct, frozen=True, kw_only=True):
    """One album."""

    id: UUID
    artist_id: UUID
    title: str
    release_date: date | None
    type: ReleaseType = ReleaseType.ALBUM
    state: ReleaseState = ReleaseState.LIVE
    live_at: datetime | None = None
    musicbrainz_release_id: UUID | None = None
    image_id: UUID | None = None


class Media(msgspec.Struct, frozen=True, kw_only=True):
    """What ingest measured of the newest revision that is ready."""

    revision: int
    duration_ms: int
    integrated_lufs: float | None
    true_peak_dbtp: float | None


class Ingest(msgspec.Struct, frozen=True, kw_only=True):
    """Where the newest revision is on its way."""

    revision: int
    status: Status
    stage: Stage
    fraction: float
    failure_code: FailureCode | None


class Track(msgspec.Struct, frozen=True, kw_only=True):
    """One track; `media` is None until a revision is ready, `ingest` until a master was uploaded."""

    id: UUID
    artist_id: UUID
    album_id: UUID | None
    owner_id: UUID
    """The account that owns the artist."""
    asset_id: UUID
    title: str
    isrc: str | None
    disc_number: int
    track_number: int | None
    explicit: bool
    image_id: UUID | None = None
    """Its own, or that of its album."""
    withdrawn_at: datetime | None = None
    """When it was withdrawn by itself."""
    release_withdrawn: bool = False
    """Whether the release that it is on is withdrawn, and it with that."""
    markets: frozenset[str] | None = None
    """Those that some licence names, whenever; None without any licence."""
    musicbrainz_recording_id: UUID | None = None
    media: Media | None
    ingest: Ingest | None

    @property
    def withdrawn(self) -> bool:
        """Whether the origins have it no more, for its owner as little as for listeners."""
        return self.withdrawn_at is not None or self.release_withdrawn


def artist_of(row: Row) -> Artist:
    return Artist(id=row["id"], owner_id=row["owner_id"], name=row["name"], image_id=row["image_id"])


def album_of(row: Row) -> Album:
    return Album(
        id=row["id"],
        artist_id=row["artist_id"],
        title=row["title"],
        release_date=row["release_date"],
        type=ReleaseType(row["type"]),
        state=ReleaseState(row["state"]),
        live_at=row["live_at"],
        musicbrainz_release_id=row["musicbrainz_release_id"],
        image_id=row["image_id"],
    )


def track_of(row: Row) -> Track:
    """Read a row of the statements in `graph.catalog.sql`."""
    return Track(
        id=row["id"],
        artist_id=row["artist_id"],
        album_id=row["album_id"],
        owner_id=row["owner_id"],
        asset_id=row["asset_id"],
        title=row["title"],
        isrc=row["isrc"],
        disc_number=row["disc_number"],
        track_number=row["track_number"],
        explicit=row["explicit"],
        image_id=row["image_id"],
        withdrawn_at=row["withdrawn_at"],
        release_withdrawn=row["release_withdrawn"],
        markets=None if row["markets"] is None else frozenset(row["markets"]),
        musicbrainz_recording_id=row["musicbrainz_recording_id"],
        media=_media_of(row),
        ingest=_ingest_of(row),
    )


def _media_of(row: Row) -> Media | None:
    if row["ready_revision"] is None:
        return None
    return Media(
        revision=row["ready_revision"],
        duration_ms=row["duration_ms"],
        integrated_lufs=row["integrated_lufs"],
        true_peak_dbtp=row["true_peak_dbtp"],
    )


def _ingest_of(row: Row) -> Ingest | None:
    if row["newest_revision"] is None:
        return None
    failure = row["failure_code"]
    return Ingest(
        revision=row["newest_revision"],
        status=Status(row["status"]),
        stage=Stage(row["stage"]),
        fraction=row["fraction"],
        failure_code=None if failure is None else FailureCode(failure),
    )
