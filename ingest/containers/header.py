"""What a master's own header promises, and the limits that it has to keep.

A promise is compared with what the decoder delivers (`ingest.stages.decode`); it is never trusted alone.
All counts are in samples of one channel.
"""

from __future__ import annotations

import mmap
from enum import Enum

import msgspec

from ingest.contract import FailureCode
from ingest.errors import MediaError

Buffer = bytes | mmap.mmap

MAX_CHANNELS = 8
MIN_RATE_HZ = 8_000
MAX_RATE_HZ = 384_000
MIN_DURATION_MS = 100
MAX_DURATION_S = 4 * 3600
MAX_CHUNKS = 1000
"""Real files have a dozen; a gigabyte of empty chunks would keep a walker busy for minutes."""

LOSSLESS = frozenset({"flac", "alac"})
PADDED = frozenset({"aac", "alac", "mp3float", "opus", "vorbis"})
"""Decoders that give more than the track: what is too much is known from the header, better than FFmpeg knows it."""


class Container(Enum):
    """The containers that are read; the value is FFmpeg's name of the demuxer."""

    WAV = "wav"
    AIFF = "aiff"
    FLAC = "flac"
    OGG = "ogg"
    MP3 = "mp3"
    M4A = "mov"


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The promise of a header. Raises MediaError when it is outside of what a track may be."""

    container: Container
    codec: str
    """FFmpeg's name of the decoder: the only one that is allowed to open."""
    sample_rate_hz: int
    channels: int
    bits_per_sample: int
    """Of an integer sample; 0 for floating point and lossy codecs."""
    sample_count: int | None
    """Of the track itself, without priming and padding; None where the container does not say."""
    lead_samples: int = 0
    """Decoded samples before the first of the track: an encoder's priming, or what an edit list leaves out."""
    pcm_md5: str = ""
    """What FLAC says of the samples, in hex; empty where nothing is said."""

    @property
    def lossless(self) -> bool:
        return self.codec in LOSSLESS or self.codec.startswith("pcm_")

    @property
    def padded(self) -> bool:
        return self.codec in PADDED

    def __post_init__(self) -> None:
        if not 1 <= self.channels <= MAX_CHANNELS:
            raise MediaError(FailureCode.UNSUPPORTED_CODEC, f"{self.channels} channels")
        if not MIN_RATE_HZ <= self.sample_rate_hz <= MAX_RATE_HZ:
            raise MediaError(FailureCode.UNSUPPORTED_CODEC, f"a sample rate of {self.sample_rate_hz} Hz")
        if self.lead_samples < 0:
            raise MediaError(FailureCode.CORRUPT, f"a track that begins at sample {self.lead_samples}")
        if self.sample_count is not None:
            check_duration(self.sample_count, self.sample_rate_hz)


def check_duration(sample_count: int, sample_rate_hz: int) -> None:
    """Raise MediaError for less than a tenth of a second and for more than four hours."""
    if sample_count * 1000 < MIN_DURATION_MS * sample_rate_hz:
        raise MediaError(FailureCode.TOO_SHORT, f"{sample_count} samples at {sample_rate_hz} Hz")
    if sample_count > MAX_DURATION_S * sample_rate_hz:
        raise MediaError(FailureCode.TOO_LONG, f"{sample_count} samples at {sample_rate_hz} Hz")


def take(data: Buffer, start: int, length: int) -> bytes:
    """Exactly `length` bytes from `start`. Raises MediaError when the file ends before them."""
    piece = bytes(data[start : start + length])
    if len(piece) < length:
        raise MediaError(FailureCode.TRUNCATED, f"the file ends inside its header, at byte {len(data)}")
    return piece


def skip_id3(data: Buffer) -> int:
    """The length of an ID3v2 tag at the start of the file, 0 when there is none; taggers prepend it to anything."""
    head = bytes(data[:10])
    if len(head) < 10 or head[:3] != b"ID3" or any(byte & 0x80 for byte in head[6:10]):
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte  # "synchsafe": seven bits a byte (ID3v2.4, section 6.2)
    footer = 10 if head[5] & 0x10 else 0
    return 10 + size + footer
