"""The ladder: which renditions a master becomes, as data (`config/ladder.toml`, or the file that SEGUE_LADDER names).

Rules:

- A rung is one encoding, packaged into each of its files: `cmaf` is streamed, the others are whole files for downloads.
- A bandwidth is a stereo pair's; mono gets half, which sounds alike and stays below AAC's limit of 6144 bits a frame
  and channel.
- A `Rung` that exists can be made: what no encoder can do is refused when the file is read, with the entry's name.

Not here: what the renditions are made of (`ingest.renditions.derivation`), how (`ingest.renditions.production`).
"""

from __future__ import annotations

from enum import Enum

import msgspec

from ingest.errors import InvalidLadder
from origin.asset import Codec
from origin.layout import HLS_MANIFEST


class File(Enum):
    """What an encoding is packaged into; the value is its word in the ladder."""

    CMAF = "cmaf"
    M4A = "m4a"
    FLAC = "flac"
    MP3 = "mp3"
    OGG = "ogg"

    @property
    def extension(self) -> str:
        return "mp4" if self is File.CMAF else self.value


FILES_OF = {
    Codec.AAC: {File.CMAF, File.M4A},
    Codec.OPUS: {File.CMAF},
    Codec.FLAC: {File.CMAF, File.FLAC},
    Codec.MP3: {File.MP3},
    Codec.VORBIS: {File.OGG},
}

MP3_STEREO_BPS = frozenset(kbps * 1000 for kbps in (64, 80, 96, 112, 128, 160, 192, 224, 256, 320))
"""The rates of MPEG-1 layer III of which the half, for mono, is one too."""

BANDWIDTHS_OF: dict[Codec, range | frozenset[int]] = {
    Codec.AAC: range(16_000, 512_001),  # 6144 bits for a frame and channel are 529 kbit/s of stereo at 44.1 kHz
    Codec.OPUS: range(12_000, 510_001),  # RFC 6716, section 2.1.1, with half of it for mono
    Codec.MP3: MP3_STEREO_BPS,
    Codec.VORBIS: range(64_000, 500_001),  # qualities 0 to 10
}


MAX_NAME_CHARACTERS = 64
"""As much as the origin's longest path reckons with."""
TAKEN = HLS_MANIFEST.removesuffix(".m3u8")
"""A rendition's playlist is named after it, and this name is the multivariant playlist's."""


class Rung(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rendition to be made of every master."""

    name: str
    codec: Codec
    stereo_bandwidth_bps: int | None = msgspec.field(name="bandwidth_bps", default=None)
    """None for lossless."""
    files: tuple[File, ...]

    def __post_init__(self) -> None:
        _check_name(self.name)
        allowed = FILES_OF[self.codec]
        if not self.files or len(set(self.files)) < len(self.files) or not allowed.issuperset(self.files):
            choices = " and ".join(sorted(file.value for file in allowed))
            raise InvalidLadder(self.name, f"files of {self.codec.value} are one or more of {choices}, each once")
        bandwidths = BANDWIDTHS_OF.get(self.codec)
        if bandwidths is None and self.stereo_bandwidth_bps is not None:
            raise InvalidLadder(self.name, f"{self.codec.value} is lossless and has no bandwidth_bps")
        if bandwidths is not None and self.stereo_bandwidth_bps not in bandwidths:
            raise InvalidLadder(self.name, f"bandwidth_bps of {self.codec.value} has to be {_in_words(bandwidths)}")

    @property
    def lossless(self) -> bool:
        return self.stereo_bandwidth_bps is None

    def bandwidth_bps(self, channels: int) -> int | None:
        """What the encoder is asked for."""
        if self.stereo_bandwidth_bps is None:
            return None
        return self.stereo_bandwidth_bps * channels // 2

    def object_name(self, file: File) -> str:
        """Of one of its files, such as `aac-160.m4a`."""
        return f"{self.name}.{file.extension}"


def _check_name(name: str) -> None:
    if not all(part.isalnum() and part.isascii() and part == part.lower() for part in name.split("-")):
        raise InvalidLadder(name, "a name is lower-case letters, digits and hyphens")
    if len(name) > MAX_NAME_CHARACTERS:
        raise InvalidLadder(name, f"a name has at most {MAX_NAME_CHARACTERS} characters")
    if name == TAKEN:
        raise InvalidLadder(name, "the list of all renditions has this name; choose another")


class _Ladder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rung: tuple[Rung, ...]


def parse(text: str) -> tuple[Rung, ...]:
    """Read a ladder in the order of its entries. Raises InvalidLadder."""
    try:
        rungs = msgspec.toml.decode(text, type=_Ladder).rung
    except msgspec.ValidationError as error:
        raise _named(error) from error
    except msgspec.DecodeError as error:
        raise InvalidLadder("the file", f"it is not TOML: {error}") from error
    names = [rung.name for rung in rungs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InvalidLadder(twice, "two entries have this name")
    if not any(File.CMAF in rung.files for rung in rungs):
        raise InvalidLadder("the file", "no entry has a cmaf file, so nothing could be streamed")
    return rungs


def _named(error: msgspec.ValidationError) -> InvalidLadder:
    """A rung's own complaint comes wrapped; any other says at which entry it is, such as `$.rung[3].codec`."""
    return error.__cause__ if isinstance(error.__cause__, InvalidLadder) else InvalidLadder("the file", str(error))


def _in_words(bandwidths: range | frozenset[int]) -> str:
    if isinstance(bandwidths, range):
        return f"{bandwidths.start} to {bandwidths.stop - 1}"
    return f"one of {', '.join(str(bandwidth) for bandwidth in sorted(bandwidths))}"
