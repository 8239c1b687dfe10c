"""FLAC (RFC 9639): STREAMINFO first, then metadata blocks by their own lengths, then a frame.

A total of 0 samples means that the encoder did not know it; the decoder counts then. The same is true of a digest of
zeros.
"""

from __future__ import annotations

from ingest.containers.header import MAX_CHUNKS, Buffer, Container, Header, skip_id3, take
from ingest.contract import FailureCode
from ingest.errors import MediaError

MAGIC = b"fLaC"
STREAMINFO = 0
STREAMINFO_LENGTH = 34
MIN_BLOCK = 16
SYNC = 0b11111111111110  # of a frame, 14 bits (RFC 9639, section 9.1)


def matches(data: Buffer) -> bool:
    start = skip_id3(data)
    return bytes(data[start : start + 4]) == MAGIC


def parse(data: Buffer) -> Header:
    """Read the header. Raises MediaError."""
    position = skip_id3(data) + len(MAGIC)
    kind, length, last = _block(data, position)
    if kind != STREAMINFO or length != STREAMINFO_LENGTH:
        raise MediaError(FailureCode.CORRUPT, "the stream does not begin with its STREAMINFO")
    header = read_streaminfo(take(data, position + 4, length), Container.FLAC)
    position += 4 + length
    for _ in range(MAX_CHUNKS):
        if last:
            break
        _, length, last = _block(data, position)
        position += 4 + length
    sync = int.from_bytes(take(data, position, 2), "big") >> 2
    if sync != SYNC:
        raise MediaError(FailureCode.CORRUPT, "no audio frame follows the metadata")
    return header


def _block(data: Buffer, position: int) -> tuple[int, int, bool]:
    """The (type, length, is the last) of the metadata block at `position`."""
    head = take(data, position, 4)
    return head[0] & 0x7F, int.from_bytes(head[1:4], "big"), bool(head[0] & 0x80)


def read_streaminfo(block: bytes, container: Container) -> Header:
    """The promise of a STREAMINFO block, in whichever container it lies. Raises MediaError."""
    smallest = int.from_bytes(block[0:2], "big")
    packed = int.from_bytes(block[10:18], "big")  # 20 bits rate, 3 channels - 1, 5 bits - 1, 36 samples
    bits = (packed >> 36 & 0x1F) + 1
    if smallest < MIN_BLOCK or bits < 4:
        raise MediaError(FailureCode.CORRUPT, f"STREAMINFO gives blocks of {smallest} and {bits} bits a sample")
    return Header(
        container=container,
        codec="flac",
        sample_rate_hz=packed >> 44,
        channels=(packed >> 41 & 0x7) + 1,
        bits_per_sample=bits,
        sample_count=(packed & (1 << 36) - 1) or None,
        pcm_md5=block[18:34].hex() if any(block[18:34]) else "",
    )
