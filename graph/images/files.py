"""The files of a drawn image, and which of them a place on a page needs. Pure.

A client that lays out a page knows how wide a place is and which formats it shows; here it is told one file, or all of
a format as the text of a `srcset`, from which the browser chooses by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from origin.image import ImageFormat, ImageSize, image_url


class File(msgspec.Struct, frozen=True, kw_only=True):
    """One file: a size in a format, and where it is."""

    size: ImageSize
    format: ImageFormat
    url: str


def files_of(
    image_id: UUID, sizes: Iterable[ImageSize], formats: Iterable[ImageFormat], *, origin_url: str
) -> list[File]:
    """The files of some formats, the smallest size first, and of a size in the order of the formats."""
    wanted = tuple(formats)
    return [
        File(size=size, format=one, url=image_url(origin_url, image_id, size.size_px, one))
        for size in sizes
        for one in wanted
    ]


def fitting(files: Sequence[File], *, width_px: int) -> File | None:
    """The smallest of one format's files that is at least so wide, or else the largest; None of none."""
    return next((file for file in files if file.size.width_px >= width_px), files[-1] if files else None)


def srcset(files: Iterable[File]) -> str | None:
    """One format's files for the attribute of that name (HTML, 4.8.4.2.1); None of none."""
    return ", ".join(f"{file.url} {file.size.width_px}w" for file in files) or None
