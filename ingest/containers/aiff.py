"""AIFF and AIFC: big-endian PCM, and of AIFC the types that are not compressed either.

`COMM` and `SSND` may come in either order. The rate is an 80-bit float (IEEE 754 extended), rounded to whole hertz.

Not here: MACE, IMA, µ-law and whatever else AIFC may be compressed with, which is refused by its type.
"""

from __future__ import annotations

import struct

from ingest.containers.header import MAX_CHUNKS, Buffer, Container, Header, take
from ingest.contract import FailureCode
from ingest.errors import MediaError

COMMON = struct.Struct(">hIhHQ")  # channels, frames, bits, then sign and exponent, and the mantissa of the rate
COMMON_BYTES = COMMON.size + 4  # with the compression type of AIFC
BIAS = 16383 + 63
"""Subtracted from the exponent of an 80-bit float it leaves the power of two of the mantissa as an integer."""
PCM = {1: "pcm_s8", 2: "pcm_s16be", 3: "pcm_s24be", 4: "pcm_s32be"}

# Type -> (FFmpeg's decoder, bytes of a sample).
TYPES = {
    b"sowt": ("pcm_s16le", 2),
    b"in24": ("pcm_s24be", 3),
    b"in32": ("pcm_s32be", 4),
    b"fl32": ("pcm_f32be", 4),
    b"FL32": ("pcm_f32be", 4),
    b"fl64": ("pcm_f64be", 8),
    b"FL64": ("pcm_f64be", 8),
}


def matches(data: Buffer) -> bool:
    return bytes(data[:4]) == b"FORM" and bytes(data[8:12]) in (b"AIFF", b"AIFC")


def parse(data: Buffer) -> Header:
    """Read the header. Raises MediaError."""
    position = 12
    common: bytes | None = None
    held: int | None = None
    for _ in range(MAX_CHUNKS):
        name, length = struct.unpack(">4sI", take(data, position, 8))
        position += 8
        if name == b"COMM":
            common = take(data, position, min(length, COMMON_BYTES))
        if name == b"SSND":
            held = _held(data, position, length)
        if common is not None and held is not None:
            return _header(common, held, compressed=bytes(data[8:12]) == b"AIFC")
        position += length + (length & 1)  # chunks are padded to even lengths
    raise MediaError(FailureCode.CORRUPT, f"no audio within {MAX_CHUNKS} chunks")


def _held(data: Buffer, position: int, length: int) -> int:
    """The bytes of audio in the `SSND` chunk at `position`; the file may end before the chunk does."""
    offset = int.from_bytes(take(data, position, 8)[:4], "big")
    return max(0, min(length, len(data) - position) - 8 - offset)


def _header(common: bytes, held: int, *, compressed: bool) -> Header:
    if len(common) < (COMMON_BYTES if compressed else COMMON.size):
        raise MediaError(FailureCode.CORRUPT, "the COMM chunk is too short")
    channels, frames, bits, exponent, mantissa = COMMON.unpack(common[: COMMON.size])
    decoder, width = _form(common[COMMON.size :] if compressed else b"NONE", bits)
    promised = frames * max(channels, 0) * width
    if promised > held:
        raise MediaError(FailureCode.TRUNCATED, f"{promised} bytes of audio are promised, {held} are there")
    return Header(
        container=Container.AIFF,
        codec=decoder,
        sample_rate_hz=_rate_hz(exponent, mantissa),
        channels=channels,
        bits_per_sample=0 if decoder.startswith("pcm_f") else min(bits, 8 * width),
        sample_count=frames,
    )


def _form(kind: bytes, bits: int) -> tuple[str, int]:
    """FFmpeg's decoder, and the bytes of a sample."""
    if kind in (b"NONE", b"twos") and 1 <= bits <= 32:
        width = (bits + 7) // 8
        return PCM[width], width
    if kind in TYPES and not (kind == b"sowt" and bits != 16):
        return TYPES[kind]
    raise MediaError(FailureCode.UNSUPPORTED_CODEC, f"AIFC type {kind!r} with {bits} bits")


def _rate_hz(exponent: int, mantissa: int) -> int:
    """Rounded to whole hertz; 0, which no header may have, for what is negative or no sane number."""
    shift = BIAS - exponent
    return (mantissa + (1 << (shift - 1))) >> shift if 0 < shift < 64 else 0
