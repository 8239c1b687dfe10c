"""Tasks: what a child process does for the worker, and what comes of each.

A result is decoded as the type that its task names in `result`. How they travel: `ingest.isolation.messages`.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from ingest.containers.header import Header
from ingest.contract import QualityWarning, Tags
from ingest.features.record import Features
from ingest.loudness.meter import Reading
from ingest.pcm import PcmInfo
from ingest.progressive.labels import Labels
from ingest.renditions.ladder import File, Rung
from origin.asset import Segment
from origin.image import ImageFormat, ImageSize


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in a master; the warnings are those that its samples give."""

    pcm_sha256: str
    master: Reading
    warnings: tuple[QualityWarning, ...] = ()
    waveform: bytes = b""
    """The course of the level (`ingest.loudness.course`); empty for what is shorter than 100 ms."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A scratch file that renditions are made of: the master's, or one that was derived from it."""

    pcm_path: str
    info: PcmInfo
    reading: Reading


class Derived(msgspec.Struct, frozen=True, kw_only=True):
    """What was derived from a master, in the order that was asked for."""

    sources: tuple[Source, ...]


class Track(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of a CMAF track file alone."""

    peak_bandwidth_bps: int
    header_byte_length: int
    header_sha256: str
    segments: tuple[Segment, ...]


class Packaged(msgspec.Struct, frozen=True, kw_only=True):
    """One file that an encoding was packaged into."""

    file: File
    path: str
    byte_length: int
    sha256: str
    part_sha256s: tuple[str, ...] = ()
    """Of a whole file, as `origin.asset.Progressive` has them."""


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """One encoding as it was written into its files."""

    sample_count: int
    priming_samples: int
    padding_samples: int
    payload_byte_length: int
    """Of the encoded frames, without what a container adds; a file that its encoder writes by itself counts whole."""
    files: tuple[Packaged, ...]
    track: Track | None
    """Of the CMAF file, when there is one."""


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in an encoding that may be published."""

    reading: Reading


class Decoded(msgspec.Struct, frozen=True, kw_only=True):
    """A master as PCM; the warnings are those that only a decoder sees."""

    info: PcmInfo
    warnings: tuple[QualityWarning, ...] = ()


class Decode(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Decode an upload to PCM, in a child of its own: nothing else can be opened in it afterwards."""

    result: ClassVar = Decoded
    path: str
    header: Header
    pcm_path: str


class Measure(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Measure the master, look for what is wrong with it, and keep what the loudness of its album is made of."""

    result: ClassVar = Measured
    pcm_path: str
    info: PcmInfo
    lossless_container: bool
    blocks_path: str


class Analyse(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Describe how a measured master sounds."""

    result: ClassVar = Features
    pcm_path: str
    info: PcmInfo
    reading: Reading


class Derive(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Mix down and resample a master to each of the targets, once; measure what comes of it."""

    result: ClassVar = Derived
    pcm_path: str
    info: PcmInfo
    targets: tuple[PcmInfo, ...]
    folder: str


class Render(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Encode one rung and package it into each of its files."""

    result: ClassVar = Rendered
    rung: Rung
    pcm_path: str
    info: PcmInfo
    gain_db: float
    aac_coder: str
    labels: Labels
    folder: str


class Verify(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Decode an encoding's files again and compare; a lossless one with the master's digest."""

    result: ClassVar = Verified
    rung: Rung
    source: Source
    rendered: Rendered
    pcm_sha256: str


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that was found inside a master, and written down; its header is one of a picture that may be drawn."""

    size_bytes: int
    sha256: str


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """What a master says about itself."""

    tags: Tags | None = None
    picture: Picture | None = None
    warnings: tuple[QualityWarning, ...] = ()


class Describe(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Read an upload's tags, and write its picture down."""

    result: ClassVar = Described
    path: str
    picture_path: str


class ImageFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of an image, in the order in which they were written."""

    size_px: int
    image_format: ImageFormat
    width_px: int
    height_px: int
    byte_length: int


class Illustrated(msgspec.Struct, frozen=True, kw_only=True):
    """An image as it was drawn."""

    color: str
    placeholder: str
    files: tuple[ImageFile, ...]

    @property
    def sizes(self) -> tuple[ImageSize, ...]:
        """Each size once, the smallest first."""
        sizes = (
            ImageSize(size_px=file.size_px, width_px=file.width_px, height_px=file.height_px) for file in self.files
        )
        return tuple(dict.fromkeys(sizes))


class Illustrate(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Draw an image in every size and format, all of them into one file."""

    result: ClassVar = Illustrated
    picture_path: str
    files_path: str


Task = Decode | Measure | Analyse | Derive | Render | Verify | Describe | Illustrate
