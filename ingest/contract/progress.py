"""Where a revision or an image is, how far a job has come, and how that is told to those who watch."""

from __future__ import annotations

from enum import Enum
from uuid import UUID

import msgspec

from ingest.contract.failures import FailureCode


class Status(Enum):
    """Where a revision is; `ready` and `failed` are final."""

    QUEUED = "queued"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        return self in (Status.READY, Status.FAILED)


class ImageStatus(Enum):
    """Where an image is; `ready` and `failed` are final."""

    ANNOUNCED = "announced"
    QUEUED = "queued"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class Stage(Enum):
    """The steps of a job in their order."""

    QUEUED = "queued"
    FETCH = "fetch"
    DECODE = "decode"
    MEASURE = "measure"
    ENCODE = "encode"
    PUBLISH = "publish"
    DONE = "done"


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


def encode_progress(progress: Progress) -> bytes:
    return msgspec.json.encode(progress)


def decode_progress(data: bytes) -> Progress:
    """Raises msgspec.DecodeError."""
    return msgspec.json.decode(data, type=Progress)
