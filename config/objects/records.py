"""What the object store tells of objects, and what it signs."""

from __future__ import annotations

from datetime import datetime

import msgspec


class ObjectInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What the store knows of an object without reading it."""

    key: str
    size_bytes: int
    sha256: bytes | None = None
    """32 bytes, when the store keeps the checksum that was sent with the upload."""


class ListedObject(msgspec.Struct, frozen=True, kw_only=True):
    """An object in a listing, and when it was last written."""

    key: str
    modified_at: datetime


class PresignedPut(msgspec.Struct, frozen=True, kw_only=True):
    """A URL that stores one object by PUT; `headers` are signed and have to be sent as they are."""

    url: str
    headers: dict[str, str]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part that the store holds of an unfinished object."""

    number: int
    etag: str
    size_bytes: int


class MultipartUpload(msgspec.Struct, frozen=True, kw_only=True):
    """An object that is being put together; nobody sees it before it is complete."""

    key: str
    upload_id: str
    begun_at: datetime
