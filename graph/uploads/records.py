"""The promise as a row holds it. Pure."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from graph.rows import Row

COLUMNS = (
    "id, user_id, track_id, object_key, file_name, content_type, size_bytes, sha256, expires_at, completed_at,"
    " multipart_id, part_bytes"
)


class Multipart(msgspec.Struct, frozen=True, kw_only=True):
    """The store's id of an object that is sent in parts, and the size of every part but the last."""

    id: str
    part_bytes: int


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `uploads`."""

    id: UUID
    user_id: UUID
    track_id: UUID
    object_key: str
    file_name: str
    content_type: str
    size_bytes: int
    sha256: bytes
    expires_at: datetime
    completed_at: datetime | None = None
    multipart_id: str | None = None
    part_bytes: int | None = None

    @property
    def multipart(self) -> Multipart | None:
        if self.multipart_id is None or self.part_bytes is None:
            return None
        return Multipart(id=self.multipart_id, part_bytes=self.part_bytes)


def stored_of(row: Row) -> Stored:
    return Stored(**{name: row[name] for name in Stored.__struct_fields__})


def object_key(upload_id: UUID) -> str:
    return f"uploads/{upload_id}"
