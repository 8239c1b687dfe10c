"""The tag in the first frame of an MP3 file, by which a player knows how many samples to skip at both ends. Pure.

Xing's part counts the frames, LAME's part has the encoder's delay and the padding, 12 bits each. A decoder adds a delay
of its own, so that what is heard starts `delay + 529` samples into what it gives out.

FFmpeg's muxer writes the tag, and takes the padding from the last packet alone: 1681 samples at most. Of one length in
25 the padding is longer, and the file would end with up to 46 samples too many (docs/decisions/0040); `corrected` says
what is true and renews the checksum.
"""

from __future__ import annotations

from struct import unpack_from

import msgspec

FRAME_SAMPLES = 1152
"""Of MPEG-1 layer III, which is 32, 44.1 and 48 kHz."""
DECODER_DELAY = 529
STEREO_SIDE_BYTES, MONO_SIDE_BYTES = 32, 17
MARKS = (b"Xing", b"Info")
EVERYTHING = 0x0F
"""Xing's flags: frames, bytes, table of contents and quality are all there, as FFmpeg writes them."""
ENCODER_AT = 120
DELAYS_AT = ENCODER_AT + 21
CHECKSUM_AT = ENCODER_AT + 34
CRC_POLYNOMIAL = 0xA001
TAG_ENDS_WITHIN = 4 + STEREO_SIDE_BYTES + CHECKSUM_AT + 2
"""Of the first frame, behind its own header and the side information, which are blank."""


class LameTag(msgspec.Struct, frozen=True, kw_only=True):
    """`start` is where Xing's mark lies in the bytes that were read."""

    start: int
    frame_count: int
    """Of the audio; the frame with the tag is not one of them."""
    delay_samples: int
    padding_samples: int


def find(data: bytes) -> LameTag:
    """Read the tag of an MP3 file that begins with `data`, behind its ID3v2 labels. Raises ValueError."""
    frame = _after_id3(data)
    if len(data) < frame + TAG_ENDS_WITHIN:
        raise ValueError("no tag in so few bytes")
    mono = data[frame + 3] >> 6 == 3
    start = frame + 4 + (MONO_SIDE_BYTES if mono else STEREO_SIDE_BYTES)
    mark, flags, frame_count = unpack_from(">4sII", data, start)
    if mark not in MARKS or flags != EVERYTHING:
        raise ValueError("no tag in the first frame")
    delays = int.from_bytes(data[start + DELAYS_AT : start + DELAYS_AT + 3], "big")
    return LameTag(start=start, frame_count=frame_count, delay_samples=delays >> 12, padding_samples=delays & 0xFFF)


def true_padding(tag: LameTag, sample_count: int) -> int:
    """What comes behind `sample_count` samples of signal, in the tag's own sense."""
    return tag.frame_count * FRAME_SAMPLES - tag.delay_samples - sample_count


def corrected(data: bytes, tag: LameTag, *, padding_samples: int) -> bytes:
    """The same bytes with another padding, and the checksum of all up to itself."""
    delays = tag.delay_samples << 12 | padding_samples
    at, end = tag.start + DELAYS_AT, tag.start + CHECKSUM_AT
    told = data[:at] + delays.to_bytes(3, "big") + data[at + 3 : end]
    return told + checksum(told[_after_id3(data) :]).to_bytes(2, "big") + data[end + 2 :]


def checksum(data: bytes) -> int:
    """CRC-16 as LAME reckons it: reflected, from 0."""
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (CRC_POLYNOMIAL if value & 1 else 0)
    return value


def _after_id3(data: bytes) -> int:
    """Four bytes of seven bits have the length of the labels (ID3v2.4, section 3.1)."""
    if data[:3] != b"ID3":
        return 0
    length = 0
    for byte in data[6:10]:
        length = length << 7 | byte
    return 10 + length
