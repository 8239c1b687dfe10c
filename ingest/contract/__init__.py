"""What graph and the ingest worker agree on: jobs, their states and stages, failures, tags, progress events.

Graph enqueues a :class:`Job` in the transaction that accepts an upload; the worker answers by the row in `assets` and
by :class:`Progress` events on a Valkey channel. The row is the truth, the events are for those who watch. This page is
the package's face: graph imports nothing else of ingest.
"""

from ingest.contract.failures import REMEDIES, FailureCode
from ingest.contract.jobs import (
    ALBUM_ENTRYPOINT,
    ENTRYPOINT,
    IMAGE_ENTRYPOINT,
    MAX_ATTEMPTS,
    MAX_PICTURE_BYTES,
    AlbumJob,
    ImageJob,
    Job,
    decode_job,
    encode_job,
)
from ingest.contract.progress import (
    ImageStatus,
    Progress,
    Stage,
    Status,
    decode_progress,
    encode_progress,
    progress_channel,
)
from ingest.contract.quality import QualityCode, QualityWarning
from ingest.contract.tags import LyricLine, Tags
from ingest.contract.urgency import (
    ALBUM_PRIORITY,
    BACK_CATALOGUE,
    IMAGE_PRIORITY,
    LATE_DAYS,
    SOON,
    TONIGHT,
    UNDATED,
    priority,
)

__all__ = [
    "ALBUM_ENTRYPOINT",
    "ALBUM_PRIORITY",
    "BACK_CATALOGUE",
    "ENTRYPOINT",
    "IMAGE_ENTRYPOINT",
    "IMAGE_PRIORITY",
    "LATE_DAYS",
    "MAX_ATTEMPTS",
    "MAX_PICTURE_BYTES",
    "REMEDIES",
    "SOON",
    "TONIGHT",
    "UNDATED",
    "AlbumJob",
    "FailureCode",
    "ImageJob",
    "ImageStatus",
    "Job",
    "LyricLine",
    "Progress",
    "QualityCode",
    "QualityWarning",
    "Stage",
    "Status",
    "Tags",
    "decode_job",
    "decode_progress",
    "encode_job",
    "encode_progress",
    "priority",
    "progress_channel",
]
