"""MPEG audio layer III: two frame headers in a row, after an ID3v2 tag or a little padding.

One synchronisation word occurs by chance in any file; a second one exactly where the first frame ends does not. Where
the first frame carries a tag that counts the others, they are counted too: fewer than promised is a file that was cut.

Not here: the length of a file without such a tag; the decoder counts.
"""

from __future__ import annotations

import msgspec

from ingest.containers.header import Buffer, Container, Header, skip_id3
from ingest.containers.mp3_tag import DECODER_DELAY, Tag, read_tag
from ingest.contract import FailureCode
from ingest.errors import MediaError

SEARCH_BYTES = 4096  # taggers leave padding between the tag and the first frame
MAX_FRAMES = 700_000
"""Four hours at 48 kHz have 600,000; a gigabyte of the smallest frames would keep the walker busy for a minute."""
LAYER_III = 0b01
MPEG_1, MPEG_2, MPEG_2_5 = 0b11, 0b10, 0b00

RATES_HZ = {MPEG_1: (44100, 48000, 32000), MPEG_2: (22050, 24000, 16000), MPEG_2_5: (11025, 12000, 8000)}
SIDE_INFO_1, SIDE_INFO_2 = (17, 32), (9, 17)  # bytes of a mono and of a stereo frame
KBPS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
KBPS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What four bytes of a frame header say."""

    sample_rate_hz: int
    channels: int
    byte_length: int
    sample_count: int
    side_info: int


def matches(data: Buffer) -> bool:
    return _find(data) is not None


def parse(data: Buffer) -> Header:
    """Read the header. Raises MediaError."""
    found = _find(data)
    if found is None:
        raise MediaError(FailureCode.UNSUPPORTED_CONTAINER, "no two MPEG audio frames in a row")
    start, frame = found
    tag = read_tag(bytes(data[start : start + frame.byte_length]), side_info=frame.side_info)
    lead, count = (0, None) if tag is None else _span(data, start + frame.byte_length, frame.sample_count, tag)
    return Header(
        container=Container.MP3,
        codec="mp3float",
        sample_rate_hz=frame.sample_rate_hz,
        channels=frame.channels,
        bits_per_sample=0,
        sample_count=count,
        lead_samples=lead,
    )


def _span(data: Buffer, start: int, frame_samples: int, tag: Tag) -> tuple[int, int | None]:
    """The samples before the track, and those of the track, of the frames from `start` on. Raises MediaError."""
    if tag.frames is None:
        return 0, None
    counted, end = _count(data, start)
    # Old writers count the tag's own frame, so one that is missing proves nothing, unless a part of it is there.
    slack = 1 if tag.delay_samples is None and end <= len(data) else 0
    if counted < tag.frames - slack:
        # Fewer than four bytes are the start of a frame at most.
        cut = FailureCode.TRUNCATED if end > len(data) - 4 else FailureCode.CORRUPT
        raise MediaError(cut, f"{counted} of {tag.frames} frames are there")
    samples = counted * frame_samples
    if tag.delay_samples is None or tag.padding_samples is None:
        return 0, samples
    lead = tag.delay_samples + DECODER_DELAY
    # More frames than the tag counts were put behind it later, and its padding is not theirs.
    padding = max(0, tag.padding_samples - DECODER_DELAY) if counted <= tag.frames else 0
    return lead, max(0, samples - lead - padding)


def _count(data: Buffer, position: int) -> tuple[int, int]:
    """Walk the whole frames in a row; return their number and where the row ends, or where a cut frame would."""
    for number in range(MAX_FRAMES):
        frame = _frame(bytes(data[position : position + 4]))
        if frame is None:
            return number, position
        if position + frame.byte_length > len(data):
            return number, position + frame.byte_length
        position += frame.byte_length
    raise MediaError(FailureCode.TOO_LONG, f"more than {MAX_FRAMES} frames")


def _find(data: Buffer) -> tuple[int, Frame] | None:
    """The first frame that another one follows, and where it lies."""
    start = skip_id3(data)
    window = bytes(data[start : start + SEARCH_BYTES])
    for offset in range(len(window) - 3):
        frame = _frame(window[offset : offset + 4])
        if frame is None:
            continue
        following = start + offset + frame.byte_length
        if _frame(bytes(data[following : following + 4])) is not None:
            return start + offset, frame
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
    channels = 1 if head[3] >> 6 == 0b11 else 2
    return Frame(
        sample_rate_hz=rate,
        channels=channels,
        byte_length=samples // 8 * kbps * 1000 // rate + (head[2] >> 1 & 1),
        sample_count=samples,
        side_info=(SIDE_INFO_1 if version == MPEG_1 else SIDE_INFO_2)[channels - 1],
    )
