"""The tag in the first frame of an MP3 file: Xing (called Info at a constant rate), with LAME's part, or VBRI.

It counts the frames behind it, by which a file is found to have lost its end; LAME's part says how many samples were
put before the track and after it. FFmpeg writes the same part.
"""

from __future__ import annotations

import struct

import msgspec

FRAMES, BYTES, CONTENTS, QUALITY = 1, 2, 4, 8
VBRI_PLACE = 36
VBRI = struct.Struct(">4s2x2x2xII")  # magic, version, delay, quality, bytes, frames
WRITERS = (b"LAME", b"Lavf", b"Lavc", b"L3.9")
"""Those whose delay and padding are what they say; others leave rubbish in the place."""
DECODER_DELAY = 529
"""Every decoder of layer III is so many samples late; LAME counts from there."""


class Tag(msgspec.Struct, frozen=True, kw_only=True):
    """What the tag says; None where it says nothing."""

    frames: int | None
    delay_samples: int | None
    padding_samples: int | None


def read_tag(frame: bytes, *, side_info: int) -> Tag | None:
    """Read the tag of a first frame, whose side information is `side_info` bytes long; None for plain audio."""
    place = 4 + side_info
    if frame[place : place + 4] in (b"Xing", b"Info"):
        return _xing(frame[place + 4 :])
    if frame[VBRI_PLACE : VBRI_PLACE + 4] == b"VBRI" and len(frame) >= VBRI_PLACE + VBRI.size:
        *_, frames = VBRI.unpack_from(frame, VBRI_PLACE)
        return Tag(frames=frames or None, delay_samples=None, padding_samples=None)
    return None


def _xing(body: bytes) -> Tag:
    flags = int.from_bytes(body[:4], "big")
    frames = int.from_bytes(body[4:8], "big") if flags & FRAMES and len(body) >= 8 else 0
    lengths = ((FRAMES, 4), (BYTES, 4), (CONTENTS, 100), (QUALITY, 4))
    writer = body[4 + sum(length for flag, length in lengths if flags & flag) :]
    gaps = int.from_bytes(writer[21:24], "big") if writer.startswith(WRITERS) and len(writer) >= 24 else None
    return Tag(
        frames=frames or None,
        delay_samples=None if gaps is None else gaps >> 12,
        padding_samples=None if gaps is None else gaps & 0xFFF,
    )
