"""What is enqueued: a master, an album's loudness, a picture."""

from __future__ import annotations

from uuid import UUID

import msgspec

ENTRYPOINT = "ingest"
"""The queue's name in PgQueuer."""
ALBUM_ENTRYPOINT = "album_loudness"
"""The queue of albums whose loudness has to be made anew from their tracks' stored blocks."""
IMAGE_ENTRYPOINT = "image"
"""The queue of pictures that become images."""

MAX_ATTEMPTS = 3
MAX_PICTURE_BYTES = 20_000_000
"""More than a cover of 3000 pixels takes in any format but plain PNG."""


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


class ImageJob(msgspec.Struct, frozen=True, kw_only=True):
    """One picture to turn into an image; its bytes are at :func:`origin.image.source_key`."""

    image_id: UUID
    size_bytes: int
    sha256: str


def encode_job(job: Job) -> bytes:
    return msgspec.json.encode(job)


def decode_job(data: bytes) -> Job:
    """Raises msgspec.DecodeError."""
    return msgspec.json.decode(data, type=Job)
