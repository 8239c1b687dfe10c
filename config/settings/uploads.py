"""What may be sent to the store, how, and for how long."""

from __future__ import annotations

import msgspec

from config.settings.reader import Environment, Reader

PART_MIN_BYTES = 5 * 1024**2
"""S3 takes no smaller part but the last."""


class UploadSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How large a master may be, how long a promise holds, and which files are sent in parts of which size."""

    max_bytes: int
    lifetime_s: int
    multipart_from_bytes: int
    part_bytes: int
    streamed_max: int
    """So many bodies pass through one process at once."""


def upload_settings(environment: Environment) -> UploadSettings:
    """Raises InvalidSetting."""
    read = Reader(environment)
    return UploadSettings(
        max_bytes=read.integer("SEGUE_MAX_UPLOAD_BYTES", 2 * 1024**3),
        lifetime_s=read.integer("SEGUE_UPLOAD_LIFETIME_S", 3600),
        multipart_from_bytes=read.integer("SEGUE_MULTIPART_FROM_BYTES", 64 * 1024**2),
        part_bytes=read.integer("SEGUE_UPLOAD_PART_BYTES", 16 * 1024**2, at_least=PART_MIN_BYTES),
        streamed_max=read.integer("SEGUE_STREAMED_UPLOADS_MAX", 16),
    )
