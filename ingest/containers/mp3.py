"""MPEG audio layer III: two frame headers in a row, after an ID3v2 tag or a little padding.

One synchronisation word occurs by chance in any file; a second one exactly where the first frame ends does not.
Not here: the length, for which the whole file would have to be walked; the decoder counts.
"""

from __future__ import annotations

import msgspec

from ingest.containers.header import Buffer, Container, Header, skip_id3
from ingest.contract import FailureCode
from ingest.errors import MediaError

SEARCH_BYTES = 4096  # taggers leave padding between the tag and the first frame
LAYER_III = 0b01
MPEG_1, MPEG_2, MPEG_2_5 = 0b11, 0b10, 0b00

RATES_HZ = {MPEG_1: (44100, 48000, 32000), MPEG_2: (22050, 24000, 16000), MPEG_2_5: (11025, 12000, 8000)}
KBPS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
KBPS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What four bytes of a frame header say."""

    sample_rate_hz: int
    channels: int
    byte_length: int


def matches(data: Buffer) -> bool:
    return _find(data) is not None


def parse(data: Buffer) -> Header:
    """Read the header. Raises MediaError."""
    frame = _find(data)
    if frame is None:
        raise MediaError(FailureCode.UNSUPPORTED_CONTAINER, "no two MPEG audio frames in a row")
    return Header(
        container=Container.MP3,
        codec="mp3float",
        sample_rate_hz=frame.sample_rate_hz,
        channels=frame.channels,
        bits_per_sample=0,
        sample_count=None,
    )


def _find(data: Buffer) -> Frame | None:
    start = skip_id3(data)
    window = bytes(data[start : start + SEARCH_BYTES])
    for offset in range(len(window) - 3):
        frame = _frame(window[offset : offset + 4])
        if frame is None:
            continue
        following = start + offset + frame.byte_length
        if _frame(bytes(data[following : following + 4])) is not None:
            return frame
    return None


def _frame(head: bytes) -> Frame | None:
    """Read a frame header (ISO/IEC 11172-3, section 2.4.1.3); None for what is not one, and for free format."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 0b11, head[1] >> 1 & 0b11
    kbps_index, rate_index = head[2] >> 4, head[2] >> 2 & 0b11
    if version not in RATES_HZ or layer != LAYER_III or kbps_index in (0, 15) or rate_index == 3:
        return None
    rate = RATES_HZ[version][rate_index]
    kbps = (KBPS_1 if version == MPEG_1 else KBPS_2)[kbps_index]
    samples = 1152 if version == MPEG_1 else 576
    return Frame(
        sample_rate_hz=rate,
        channels=1 if head[3] >> 6 == 0b11 else 2,
        byte_length=samples // 8 * kbps * 1000 // rate + (head[2] >> 1 & 1),
    )
