"""What the worker and its child processes say to each other: one JSON line a message.

The worker sends `Limits` once, then tasks; the child answers a task with any number of `Moved` and one of the others.
A result is decoded as the type that the task names in `result`.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from ingest.containers.header import Header
from ingest.contract import FailureCode
from ingest.ladder import Rung
from ingest.loudness.meter import Reading
from ingest.pcm import PcmInfo
from origin.asset import Segment


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a child may take; None leaves the system's limit."""

    memory_bytes: int
    cpu_s: int | None = None
    file_bytes: int | None = None


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """A master, and what the lossy renditions are made of: the same file, or one that was derived from it."""

    pcm_sha256: str
    master: Reading
    lossy_path: str
    lossy_info: PcmInfo
    lossy: Reading


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """A track file as it was written."""

    sample_count: int
    priming_samples: int
    padding_samples: int
    average_bandwidth_bps: int
    peak_bandwidth_bps: int
    header_byte_length: int
    segments: tuple[Segment, ...]
    sha256: str


class Decode(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Decode an upload to PCM."""

    result: ClassVar = PcmInfo
    path: str
    header: Header
    pcm_path: str


class Measure(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Measure the master; derive what the lossy renditions are made of, when it cannot be the master itself."""

    result: ClassVar = Measured
    pcm_path: str
    info: PcmInfo
    lossy_path: str


class Render(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Encode one rendition and write its track file."""

    result: ClassVar = Rendered
    rung: Rung
    pcm_path: str
    info: PcmInfo
    gain_db: float
    aac_coder: str
    track_path: str


class Verify(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Decode a track file again and compare; a lossless one with the master's digest."""

    result: ClassVar = Reading
    rung: Rung
    track_path: str
    info: PcmInfo
    rendered: Rendered
    pcm_sha256: str
    master: Reading


Task = Decode | Measure | Render | Verify


class Moved(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """How far the task is, 0 to 1."""

    fraction: float


class Done(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The task's result."""

    result: msgspec.Raw


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The master is at fault."""

    failure: FailureCode
    detail: str


class Rejected(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A rendition is not what was asked for."""

    rendition: str
    finding: str


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The child is at fault; the traceback is on its standard error."""

    cause: str


class Full(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The scratch folder has no room for what the task writes."""


Reply = Moved | Done | Refused | Rejected | Failed | Full
