"""The row of an image as a record. Pure.

A client needs its shape, colour and placeholder before it loads a file, so they are in the row; the files' URLs follow
from the id (`origin.image`).
"""

from __future__ import annotations

from uuid import UUID

import msgspec

from graph.rows import Row
from ingest.contract import FailureCode, ImageStatus
from origin.image import ImageSize

COLUMNS = (
    "id, owner_id, status, failure_code, size_bytes, sha256, expires_at, width_px, height_px, color, placeholder, sizes"
)


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """What a ready image has; width and height are those of its largest size."""

    width_px: int
    height_px: int
    color: str
    placeholder: str
    sizes: tuple[ImageSize, ...]


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """One image; `drawn` is None until it is ready."""

    id: UUID
    owner_id: UUID
    status: ImageStatus
    failure_code: FailureCode | None
    drawn: Drawn | None


def image_of(row: Row) -> Image:
    status, failure = ImageStatus(row["status"]), row["failure_code"]
    return Image(
        id=row["id"],
        owner_id=row["owner_id"],
        status=status,
        failure_code=None if failure is None else FailureCode(failure),
        drawn=_drawn_of(row) if status is ImageStatus.READY else None,
    )


def _drawn_of(row: Row) -> Drawn:
    return Drawn(
        width_px=row["width_px"],
        height_px=row["height_px"],
        color=row["color"],
        placeholder=row["placeholder"],
        sizes=msgspec.json.decode(row["sizes"], type=tuple[ImageSize, ...]),
    )
