"""What graph and the ingest worker agree on: the job, its states and stages, its failures, its progress events.

Graph enqueues a :class:`Job` in the transaction that accepts an upload; the worker answers by the row in `assets` and
by :class:`Progress` events on a Valkey channel. The row is the truth, the events are for those who watch.
"""

from __future__ import annotations

from datetime import date
from enum import Enum
from uuid import UUID

import msgspec

ENTRYPOINT = "ingest"
"""The queue's name in PgQueuer."""
ALBUM_ENTRYPOINT = "album_loudness"
"""The queue of albums whose loudness has to be made anew from their tracks' stored blocks."""

IMAGE_ENTRYPOINT = "image"
"""The queue of pictures that become images."""

MAX_ATTEMPTS = 3

TONIGHT, SOON, UNDATED, BACK_CATALOGUE = 30, 20, 10, 0
"""Priorities of the queue; the higher one is claimed first."""
ALBUM_PRIORITY = 40
"""Takes no time, so nobody is held up by it."""
LATE_DAYS = 7
"""A release that is out for less has listeners who look for it now."""
SOON_DAYS = 7


def priority(release_date: date | None, today: date) -> int:
    """How urgent a master is: a release of tonight, or one that is late, goes before a back catalogue."""
    if release_date is None:
        return UNDATED
    days_left = (release_date - today).days
    if days_left < -LATE_DAYS:
        return BACK_CATALOGUE
    if days_left <= 1:
        return TONIGHT
    return SOON if days_left <= SOON_DAYS else UNDATED


class Status(Enum):
    """Where a revision is; `ready` and `failed` are final."""

    QUEUED = "queued"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        return self in (Status.READY, Status.FAILED)


class Stage(Enum):
    """The steps of a job in their order."""

    QUEUED = "queued"
    FETCH = "fetch"
    DECODE = "decode"
    MEASURE = "measure"
    ENCODE = "encode"
    PUBLISH = "publish"
    DONE = "done"


class FailureCode(Enum):
    """Why a master was refused; stable, for programs. :data:`REMEDIES` has the sentence for people."""

    UNSUPPORTED_CONTAINER = "unsupported_container"
    UNSUPPORTED_CODEC = "unsupported_codec"
    PROTECTED = "protected"
    SEVERAL_STREAMS = "several_streams"
    EMPTY = "empty"
    TRUNCATED = "truncated"
    CORRUPT = "corrupt"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    SILENT = "silent"
    RESOURCE_LIMIT = "resource_limit"
    UPLOAD_CHANGED = "upload_changed"
    ARTWORK_INVALID = "artwork_invalid"
    """Of an image; a master is not refused for the picture inside it."""
    INTERNAL = "internal"
    GIVEN_UP = "given_up"
    """What failed by a fault of ours and is not kept any more."""


REMEDIES: dict[FailureCode, str] = {
    FailureCode.UNSUPPORTED_CONTAINER: (
        "This is not an audio file that we can read: WAV, AIFF, FLAC, MP3, M4A (AAC-LC or ALAC) or Ogg (Vorbis, Opus "
        "or FLAC). Upload WAV or FLAC."
    ),
    FailureCode.UNSUPPORTED_CODEC: (
        "The audio inside this file is of a kind that we cannot read: compressed in another way, of more than 8 "
        "channels, or at a rate outside of 8 to 384 kHz. Export it as PCM WAV or FLAC at 44.1 to 192 kHz."
    ),
    FailureCode.PROTECTED: (
        "This file is copy-protected, so that nobody can read the audio in it. Upload the master that you made it from."
    ),
    FailureCode.SEVERAL_STREAMS: (
        "This file holds a video, or several streams of audio. Export the one stream that is the track, without video."
    ),
    FailureCode.EMPTY: "The file is empty. Export it again and check its size before you upload.",
    FailureCode.TRUNCATED: "The file ends before its audio does. Export or copy it again, then upload the whole file.",
    FailureCode.CORRUPT: "The audio cannot be decoded to its end. Export it again from your editor.",
    FailureCode.TOO_SHORT: (
        "The audio is shorter than a tenth of a second. Check that you exported the whole track and not a selection."
    ),
    FailureCode.TOO_LONG: "The audio is longer than four hours. Split it into several tracks.",
    FailureCode.SILENT: "Every sample of this file is zero. Check the export: a track may have been muted.",
    FailureCode.RESOURCE_LIMIT: (
        "Reading this file took more memory or time than a track may take. Export it again as plain WAV or FLAC."
    ),
    FailureCode.UPLOAD_CHANGED: "The stored file is not the one that was announced. Upload it again.",
    FailureCode.ARTWORK_INVALID: (
        "This picture cannot be used: it is damaged, too large, or of a kind that we cannot read. Upload a JPEG, PNG,"
        " WebP, AVIF or GIF of up to 20 MB, 40 megapixels and 10,000 pixels a side."
    ),
    FailureCode.INTERNAL: (
        "Something went wrong on our side, several times. Your file is kept and we look into it; you need not send it"
        " again."
    ),
    FailureCode.GIVEN_UP: (
        "Something went wrong on our side, several times, and we could not mend it for this file. Upload it again."
    ),
}


class QualityCode(Enum):
    """What quality control may find in a master that is accepted all the same; stable, for programs."""

    CLIPPED = "clipped"
    OVER_FULL_SCALE = "over_full_scale"
    """Samples that only floating point holds; the stored master, and with it FLAC, ends at full scale."""
    DC_OFFSET = "dc_offset"
    LEADING_SILENCE = "leading_silence"
    TRAILING_SILENCE = "trailing_silence"
    DEAD_CHANNEL = "dead_channel"
    IDENTICAL_CHANNELS = "identical_channels"
    OUT_OF_PHASE = "out_of_phase"
    LOSSY_SOURCE = "lossy_source"
    MD5_MISMATCH = "md5_mismatch"
    BIT_DEPTH_REDUCED = "bit_depth_reduced"
    """The stored master keeps fewer bits than the file had: of floats whose steps are finer than 24 bits."""
    UNREADABLE_ARTWORK = "unreadable_artwork"


class QualityWarning(msgspec.Struct, frozen=True, kw_only=True):
    """One finding, stored on the track; `detail` is a sentence for the artist, with figures and units."""

    code: QualityCode
    detail: str


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One master to turn into one revision of an asset; the payload of the queue."""

    asset_id: UUID
    revision: int
    upload_key: str
    file_name: str
    size_bytes: int
    sha256: str
    """Lowercase hex, as the client announced it and `completeUpload` found it."""
    title: str
    artist: str = ""
    album: str = ""
    isrc: str = ""
    """Written into progressive files, so that a download names itself; the catalogue stays the truth."""
    artist_id: UUID | None = None
    album_id: UUID | None = None


class AlbumJob(msgspec.Struct, frozen=True, kw_only=True):
    """An album whose tracks have changed."""

    album_id: UUID


class ImageStatus(Enum):
    """Where an image is; `ready` and `failed` are final."""

    ANNOUNCED = "announced"
    QUEUED = "queued"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class ImageJob(msgspec.Struct, frozen=True, kw_only=True):
    """One picture to turn into an image; its bytes are at :func:`origin.image.source_key`."""

    image_id: UUID
    size_bytes: int
    sha256: str


MAX_PICTURE_BYTES = 20_000_000
"""More than a cover of 3000 pixels takes in any format but plain PNG."""
IMAGE_PRIORITY = 35
"""Takes a second or two, and an artist waits for it with a page open."""


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


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a job, as a watcher sees it; `fraction` is of the whole job, 0 to 1, never falling."""

    asset_id: UUID
    revision: int
    status: Status
    stage: Stage
    fraction: float
    failure_code: FailureCode | None = None


def progress_channel(asset_id: UUID) -> str:
    """The Valkey channel on which the progress of an asset is published."""
    return f"segue:ingest:{asset_id}"


def encode_job(job: Job) -> bytes:
    return msgspec.json.encode(job)


def decode_job(data: bytes) -> Job:
    """Raises msgspec.DecodeError."""
    return msgspec.json.decode(data, type=Job)


def encode_progress(progress: Progress) -> bytes:
    return msgspec.json.encode(progress)


def decode_progress(data: bytes) -> Progress:
    """Raises msgspec.DecodeError."""
    return msgspec.json.decode(data, type=Progress)
