"""ISO base media boxes (ISO/IEC 14496-12), each declared once as a function from values to bytes.

Only the boxes of a CMAF audio track, as `ingest.cmaf.track_file` puts them together. `walk` reads the structure back,
for checks. Integers are big-endian; a name carries the section of the standard where it is defined.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from struct import pack

import msgspec

IDENTITY = pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
UNDETERMINED = 0x55C4  # the language "und", three letters of five bits (8.4.2)
DEFAULT_BASE_IS_MOOF = 0x020000
DEFAULT_DURATION = 0x000008
DEFAULT_FLAGS = 0x000020
DATA_OFFSET = 0x000001
SAMPLE_DURATION = 0x000100
SAMPLE_SIZE = 0x000200
SYNC_SAMPLE = 0x02000000
"""Depends on no other sample and is a sync sample (8.8.3.1), as every frame of audio is."""


def box(kind: str, *content: bytes) -> bytes:
    body = b"".join(content)
    return pack(">I4s", 8 + len(body), kind.encode("latin-1")) + body


def full_box(kind: str, *content: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, pack(">I", version << 24 | flags), *content)


def ftyp(major: str, compatible: Sequence[str]) -> bytes:
    """4.3."""
    return box("ftyp", major.encode(), pack(">I", 0), *(brand.encode() for brand in compatible))


def mvhd(timescale: int, *, duration_ticks: int = 0) -> bytes:
    """8.2.2; the duration is 0 when all samples are in fragments. Version 1 throughout: lengths never vary."""
    return full_box(
        "mvhd",
        pack(">QQIQ", 0, 0, timescale, duration_ticks),
        pack(">IHHII", 0x10000, 0x0100, 0, 0, 0),
        IDENTITY,
        pack(">6II", 0, 0, 0, 0, 0, 0, 2),
        version=1,
    )


def tkhd(track_id: int, *, duration_ticks: int = 0) -> bytes:
    """8.3.2; enabled, in the movie, in the preview, at full volume. The duration is of the edit list."""
    return full_box(
        "tkhd",
        pack(">QQIIQ", 0, 0, track_id, 0, duration_ticks),
        pack(">IIhhHH", 0, 0, 0, 0, 0x0100, 0),
        IDENTITY,
        pack(">II", 0, 0),
        version=1,
        flags=7,
    )


def elst(media_time: int, segment_duration: int) -> bytes:
    """8.6.6; one edit, at normal speed."""
    return full_box("elst", pack(">IQqI", 1, segment_duration, media_time, 0x10000), version=1)


def mdhd(timescale: int, *, duration_ticks: int = 0) -> bytes:
    """8.4.2; the duration counts priming, and is 0 when all samples are in fragments."""
    return full_box("mdhd", pack(">QQIQHH", 0, 0, timescale, duration_ticks, UNDETERMINED, 0), version=1)


def hdlr() -> bytes:
    """8.4.3; sound."""
    return full_box("hdlr", pack(">I4s3I", 0, b"soun", 0, 0, 0), b"segue\x00")


def smhd() -> bytes:
    """12.2.2."""
    return full_box("smhd", pack(">hH", 0, 0))


def dinf() -> bytes:
    """8.7.1 and 8.7.2: the media is in this file."""
    return box("dinf", full_box("dref", pack(">I", 1), full_box("url ", flags=1)))


def stbl(sample_entry: bytes, *groups: bytes) -> bytes:
    """8.5.1; the tables are empty, since all samples are in fragments."""
    empty = pack(">I", 0)
    return box(
        "stbl",
        full_box("stsd", pack(">I", 1), sample_entry),
        full_box("stts", empty),
        full_box("stsc", empty),
        full_box("stsz", empty, empty),
        full_box("stco", empty),
        *groups,
    )


def audio_entry(kind: str, *configuration: bytes, channels: int, bits: int, sample_rate_hz: int) -> bytes:
    """12.2.3; `sample_rate_hz` is at most 65535."""
    reserved = pack(">6xH8x", 1)
    return box(kind, reserved, pack(">HHHHI", channels, bits, 0, 0, sample_rate_hz << 16), *configuration)


def roll_group(distance: int) -> bytes:
    """`sgpd`, 8.9.3 and 10.1: decoding has to begin `-distance` frames before the one that is wanted."""
    return full_box("sgpd", b"roll", pack(">IIh", 2, 1, distance), version=1)


def roll_members(sample_count: int) -> bytes:
    """`sbgp`, 8.9.2: all samples of the fragment, or of the track, belong to the track's first group description."""
    return full_box("sbgp", b"roll", pack(">III", 1, sample_count, 1))


def mvex(track_id: int, *, fragment_duration: int, sample_duration: int) -> bytes:
    """8.8.1 to 8.8.3."""
    return box(
        "mvex",
        full_box("mehd", pack(">Q", fragment_duration), version=1),
        full_box("trex", pack(">IIIII", track_id, 1, sample_duration, 0, SYNC_SAMPLE)),
    )


def mfhd(sequence_number: int) -> bytes:
    """8.8.5."""
    return full_box("mfhd", pack(">I", sequence_number))


def tfhd(track_id: int, *, sample_duration: int) -> bytes:
    """8.8.7; with its own duration and flags, so that a fragment can be read without the header's `trex`."""
    flags = DEFAULT_BASE_IS_MOOF | DEFAULT_DURATION | DEFAULT_FLAGS
    return full_box("tfhd", pack(">III", track_id, sample_duration, SYNC_SAMPLE), flags=flags)


def tfdt(decode_time: int) -> bytes:
    """8.8.12."""
    return full_box("tfdt", pack(">Q", decode_time), version=1)


def trun(data_offset: int, sizes: Sequence[int], durations: Sequence[int] | None = None) -> bytes:
    """8.8.8; with `durations` when they are not all the default."""
    head = pack(">Ii", len(sizes), data_offset)
    if durations is None:
        return full_box("trun", head, pack(f">{len(sizes)}I", *sizes), flags=DATA_OFFSET | SAMPLE_SIZE)
    rows = [value for row in zip(durations, sizes, strict=True) for value in row]
    return full_box("trun", head, pack(f">{len(rows)}I", *rows), flags=DATA_OFFSET | SAMPLE_DURATION | SAMPLE_SIZE)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A box in a file: `path` is like `moov/trak/mdia`, `payload` what follows its type."""

    path: str
    start: int
    payload: bytes


# Boxes that hold boxes, and how many bytes of their own come first.
NESTS = {
    **dict.fromkeys(("moov", "trak", "edts", "mdia", "minf", "dinf", "stbl", "mvex", "moof", "traf"), 0),
    "stsd": 8,
    "dref": 8,
    **dict.fromkeys(("mp4a", "Opus", "fLaC"), 28),
}


def walk(data: bytes, *, path: str = "", start: int = 0) -> Iterator[Found]:
    """Every box in the order of the file, a parent before its children. Raises ValueError for a wrong length."""
    position = 0
    while position < len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        kind = data[position + 4 : position + 8].decode("latin-1")
        if length < 8 or position + length > len(data):
            raise ValueError(f"a box {kind!r} of {length} bytes at {start + position}")
        payload = data[position + 8 : position + length]
        found = Found(path=f"{path}{kind}", start=start + position, payload=payload)
        yield found
        if kind in NESTS:
            skip = NESTS[kind]
            yield from walk(payload[skip:], path=f"{found.path}/", start=found.start + 8 + skip)
        position += length
