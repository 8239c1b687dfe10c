"""The asset: what ingest stores of a track, and what the origin serves of it.

Theory of operation. A track has one asset, with a revision for every master it was given. Ingest writes, below the
directory of one revision, a CMAF track file per rendition (a header, then one `moof`+`mdat` per segment) and, last, the
descriptor: an asset revision exists when its descriptor does. The origin reads the descriptor, writes manifests from it
and answers a segment with a ranged read, whose bounds follow from the lengths listed here.

Rules kept by construction: a record that exists is legal. Media time is integer ticks over a timescale, never a float.
Segments of one codec start at the same tick in every rendition of that codec.

Nothing that is read has to be believed: the descriptor carries its own digest and those of the header, of every segment
and of every part of a whole file, so whoever reads notices bytes that are not the ones that were stored.

Not here: where it lies (`origin.layout`), reading or writing the store (`origin.store`, `ingest.publish`), manifests,
tokens.
"""

from __future__ import annotations

import hashlib
from array import array
from enum import Enum
from functools import cached_property
from itertools import accumulate
from uuid import UUID

import msgspec

from origin.seal import seal, unseal

DESCRIPTOR_VERSION = 2

DIGEST_DIGITS = 32
"""Of a segment's SHA-256: 128 bits tell damage for certain, and a long album has tens of thousands of segments."""


class InvalidDescriptor(ValueError):
    """A descriptor was written by another version, or is damaged; ingest the track again."""


class Codec(Enum):
    """The codecs of the ladder by their family name; a manifest groups renditions by it."""

    AAC = "aac"
    OPUS = "opus"
    FLAC = "flac"
    MP3 = "mp3"
    VORBIS = "vorbis"


class Loudness(msgspec.Struct, frozen=True, kw_only=True):
    """Measured by ITU-R BS.1770-5, EBU Tech 3341 and 3342; None where there is nothing to gate.

    Gating needs a block of 400 ms above -70 LUFS; silence and shorter audio have none.
    """

    integrated_lufs: float | None
    """Mono is measured as dual mono, as it is heard on two speakers."""
    mono_integrated_lufs: float | None = None
    """Of a mono signal alone, as the standard sums one channel: 3.01 LU less. None for other signals."""
    loudness_range_lu: float | None = None
    """Not stable for less than a minute of audio (Tech 3342)."""
    max_momentary_lufs: float | None = None
    max_short_term_lufs: float | None = None
    """None for less than 3 s."""
    sample_peak_dbfs: float | None = None
    true_peak_dbtp: float | None
    """May exceed 0; None for silence."""


class Master(msgspec.Struct, frozen=True, kw_only=True):
    """The decoded master: `sample_count` is in samples of one channel."""

    sample_rate_hz: int
    channels: int
    bits_per_sample: int
    sample_count: int
    loudness: Loudness
    pcm_sha256: str
    """Lowercase hex of the decoded interleaved little-endian samples, for exactness checks and duplicates."""

    def __post_init__(self) -> None:
        _require(self.sample_rate_hz > 0, "the sample rate is positive")
        _require(1 <= self.channels <= 8, "a master has 1 to 8 channels")
        _require(self.sample_count > 0, "a master has samples")

    @property
    def duration_ms(self) -> int:
        return round(self.sample_count * 1000 / self.sample_rate_hz)


class Segment(msgspec.Struct, frozen=True, array_like=True):
    """One `moof`+`mdat` of a track file."""

    byte_length: int
    duration_ticks: int
    sha256: str
    """As `block_digest` writes it."""

    def __post_init__(self) -> None:
        _require(self.byte_length > 0 and self.duration_ticks > 0, "a segment has bytes and a duration")
        _require(_is_digest(self.sha256), "a segment has a digest")


class Rendition(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One encoding of the master. `timescale` equals the sample rate, so a tick is a sample."""

    name: str
    """The name within the ladder, such as `aac-160`; also the track file's name."""
    codec: Codec
    codec_string: str
    """RFC 6381, such as `mp4a.40.2`."""
    sample_rate_hz: int
    channels: int
    nominal_bandwidth_bps: int
    average_bandwidth_bps: int
    peak_bandwidth_bps: int
    """Of the densest segment, measured, with the container's overhead."""
    priming_samples: int
    """Encoder delay at the start of the first segment, skipped by the edit list."""
    padding_samples: int
    """Samples after the end of the master in the last segment."""
    sample_count: int
    """Samples of the presentation: what a player hears once priming and padding are gone."""
    header_byte_length: int
    header_sha256: str
    """As `block_digest` writes it."""
    segments: tuple[Segment, ...]
    sha256: str
    """Lowercase hex of the whole track file."""
    gain_db: float
    """The constant gain that this rendition carries against the master."""
    loudness: Loudness
    """Of the rendition, measured after it was encoded and decoded again."""

    def __post_init__(self) -> None:
        _require(_is_name(self.name), "a rendition's name is lower-case letters, digits and hyphens")
        _require(1 <= self.channels <= 8, "a rendition has 1 to 8 channels")
        _require(_is_digest(self.header_sha256), "a rendition's header has a digest")
        _require(bool(self.segments), "a rendition has segments")
        _require(min(self.priming_samples, self.padding_samples) >= 0, "priming and padding are not negative")
        _require(self.sample_count > 0, "a rendition has samples")
        _require(self.priming_samples < self.segments[0].duration_ticks, "the first segment is heard")
        held = sum(segment.duration_ticks for segment in self.segments)
        told = self.priming_samples + self.sample_count + self.padding_samples
        _require(held == told, f"segments hold {held} samples, priming, presentation and padding make {told}")

    @property
    def timescale(self) -> int:
        return self.sample_rate_hz

    @property
    def presented_ticks(self) -> tuple[int, ...]:
        """How long each segment is heard: the first without priming, the last without padding.

        Priming and padding are shorter than a segment; where padding swallows a whole last segment, that one is 0.
        """
        ticks = [segment.duration_ticks for segment in self.segments]
        ticks[0] -= self.priming_samples
        rest = self.padding_samples
        for index in reversed(range(len(ticks))):
            cut = min(rest, ticks[index])
            ticks[index] -= cut
            rest -= cut
        return tuple(ticks)

    def byte_range(self, index: int) -> tuple[int, int]:
        """The (start, length) of segment `index` in the track file. Raises IndexError."""
        if not 0 <= index < len(self.segments):
            raise IndexError(index)
        return self._starts[index], self.segments[index].byte_length

    @cached_property
    def _starts(self) -> array[int]:
        """Where each segment begins, added up once: every request of a segment asks, and an album has thousands."""
        return array(
            "Q", accumulate((segment.byte_length for segment in self.segments), initial=self.header_byte_length)
        )


WHOLE_FILE_PART_BYTES = 256 * 1024
"""Of a whole file, what has a digest of its own: little enough to be read for the few bytes that a player asks for
first, and so much that a descriptor has fewer of these digests than of segments'."""

PROGRESSIVE_EXTENSIONS = ("m4a", "flac", "mp3", "ogg")
"""Of whole files; no other name below an asset is one."""


class Progressive(msgspec.Struct, frozen=True, kw_only=True):
    """One encoding of the master as a plain file: for downloads and players without a manifest."""

    name: str
    """The name within the ladder, such as `mp3-320`."""
    extension: str
    """Of the stored file, without a dot."""
    media_type: str
    codec: Codec
    codec_string: str
    sample_rate_hz: int
    channels: int
    nominal_bandwidth_bps: int
    average_bandwidth_bps: int
    priming_samples: int
    """Encoder delay, which the file signals in its own way and a player skips."""
    padding_samples: int
    sample_count: int
    byte_length: int
    sha256: str
    part_sha256s: tuple[str, ...] = ()
    """Of each WHOLE_FILE_PART_BYTES of the file in their order, as `block_digest` writes it; the last may be shorter.
    Empty for a file that was ingested before parts had digests."""
    gain_db: float
    loudness: Loudness

    def __post_init__(self) -> None:
        _require(_is_name(self.name), "a progressive file's name is lower-case letters, digits and hyphens")
        _require(self.extension in PROGRESSIVE_EXTENSIONS, f"a progressive file is not a .{self.extension}")
        _require(1 <= self.channels <= 8, "a progressive file has 1 to 8 channels")
        _require(self.sample_count > 0 and self.byte_length > 0, "a progressive file has samples and bytes")
        _require(min(self.priming_samples, self.padding_samples) >= 0, "priming and padding are not negative")
        parts = -(-self.byte_length // WHOLE_FILE_PART_BYTES)
        _require(len(self.part_sha256s) in {0, parts}, f"a progressive file has no digest, or {parts}")
        _require(all(map(_is_digest, self.part_sha256s)), "every part of a progressive file has a digest")

    @property
    def file_name(self) -> str:
        return f"{self.name}.{self.extension}"


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """One revision of a track's media: the content of `asset.json`."""

    version: int = DESCRIPTOR_VERSION
    asset_id: UUID
    revision: int
    title: str
    artist_id: UUID | None = None
    album_id: UUID | None = None
    """Of the track when it was ingested; both are names for caches, and nothing is looked up by them."""
    master: Master
    renditions: tuple[Rendition, ...]
    progressive: tuple[Progressive, ...] = ()

    def __post_init__(self) -> None:
        _require(self.version == DESCRIPTOR_VERSION, f"this reads version {DESCRIPTOR_VERSION}, not {self.version}")
        _require(self.revision > 0, "revisions count from 1")
        names = [rendition.name for rendition in self.renditions]
        _require(bool(names) and len(set(names)) == len(names), "renditions are there and their names differ")
        files = [file.file_name for file in self.progressive]
        _require(len(set(files)) == len(files), "the names of progressive files differ")

    def rendition(self, name: str) -> Rendition:
        """Raises KeyError."""
        for rendition in self.renditions:
            if rendition.name == name:
                return rendition
        raise KeyError(name)

    def whole_file(self, file_name: str) -> Progressive:
        """Raises KeyError."""
        for file in self.progressive:
            if file.file_name == file_name:
                return file
        raise KeyError(file_name)


def encode(asset: Asset) -> bytes:
    """Write the descriptor as JSON, the same bytes for the same asset."""
    return seal("asset", msgspec.json.encode(asset))


def decode(data: bytes) -> Asset:
    """Read a descriptor. Raises InvalidDescriptor, also for one that differs by a bit from what was written."""
    try:
        return msgspec.json.decode(unseal("asset", data), type=Asset)
    except (msgspec.DecodeError, ValueError) as error:
        raise InvalidDescriptor(f"not a descriptor: {error}") from error


def block_digest(data: bytes) -> str:
    """The digest that a descriptor has of a header, a segment or a part of a whole file."""
    return hashlib.sha256(data).hexdigest()[:DIGEST_DIGITS]


def _is_name(text: str) -> bool:
    return bool(text) and all(part.isalnum() and part.isascii() and part == part.lower() for part in text.split("-"))


def _is_digest(text: str) -> bool:
    return len(text) == DIGEST_DIGITS and not text.strip("0123456789abcdef")


def _require(condition: object, rule: str) -> None:
    if not condition:
        raise InvalidDescriptor(rule)
