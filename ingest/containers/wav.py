"""RIFF/WAVE: uncompressed PCM, IEEE float and WAVE_FORMAT_EXTENSIBLE of either; nothing that needs a decoder.

Chunks are walked by their own lengths. A `data` chunk that promises more than the file holds is a truncated upload;
the length 0xFFFFFFFF is what a program writes that could not seek back, and means "to the end of the file". In RF64 and
BW64 (EBU Tech 3306, ITU-R BS.2088) it means that the length stands in the `ds64` chunk, which comes first.

Not here: the compressed sub-formats (ADPCM, GSM, MP3 in WAV), which are refused by their tag.
"""

from __future__ import annotations

import struct

from ingest.containers.header import MAX_CHUNKS, Buffer, Container, Header, take
from ingest.contract import FailureCode
from ingest.errors import MediaError

TAG_PCM = 0x0001
TAG_FLOAT = 0x0003
TAG_EXTENSIBLE = 0xFFFE
# The sub-format GUID of an extensible header is a tag followed by these 14 bytes (KSDATAFORMAT_SUBTYPE_*).
GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")
LARGE = (b"RF64", b"BW64")
DS64 = struct.Struct("<QQ")  # the length of the file, then of the audio; what follows is not needed
STREAMED = 0xFFFFFFFF
FORMAT_BYTES = 40
"""Of an extensible format; a chunk that claims to be longer is not copied for it."""

# (tag, bytes of a sample) -> FFmpeg's decoder.
DECODERS = {
    (TAG_PCM, 1): "pcm_u8",
    (TAG_PCM, 2): "pcm_s16le",
    (TAG_PCM, 3): "pcm_s24le",
    (TAG_PCM, 4): "pcm_s32le",
    (TAG_FLOAT, 4): "pcm_f32le",
    (TAG_FLOAT, 8): "pcm_f64le",
}


def matches(data: Buffer) -> bool:
    return bytes(data[:4]) in (b"RIFF", *LARGE) and bytes(data[8:12]) == b"WAVE"


def parse(data: Buffer) -> Header:
    """Read the header. Raises MediaError."""
    position = 12
    large_length = _large_length(data) if bytes(data[:4]) in LARGE else None
    format_chunk: bytes | None = None
    for _ in range(MAX_CHUNKS):
        name, length = struct.unpack("<4sI", take(data, position, 8))
        position += 8
        if name == b"data":
            length = large_length if large_length is not None and length == STREAMED else length
            return _header(format_chunk, _data_length(data, position, length))
        if name == b"fmt ":
            format_chunk = take(data, position, min(length, FORMAT_BYTES))
        position += length + (length & 1)  # chunks are padded to even lengths
    raise MediaError(FailureCode.CORRUPT, f"no audio within {MAX_CHUNKS} chunks")


def _large_length(data: Buffer) -> int:
    name, length = struct.unpack("<4sI", take(data, 12, 8))
    if name != b"ds64" or length < DS64.size:
        raise MediaError(FailureCode.CORRUPT, "an RF64 file does not begin with its lengths")
    _, data_length = DS64.unpack(take(data, 20, DS64.size))
    return int(data_length)


def _data_length(data: Buffer, position: int, promised: int) -> int:
    held = len(data) - position
    if promised == STREAMED:
        return held
    if promised > held:
        raise MediaError(FailureCode.TRUNCATED, f"{promised} bytes of audio are promised, {held} are there")
    return promised


def _header(format_chunk: bytes | None, data_length: int) -> Header:
    if format_chunk is None or len(format_chunk) < 16:
        raise MediaError(FailureCode.CORRUPT, "no format is given before the audio")
    tag, channels, rate, _, block, bits = struct.unpack("<HHIIHH", format_chunk[:16])
    used = bits
    if tag == TAG_EXTENSIBLE:
        tag, used = _extensible(format_chunk)
    width = (bits + 7) // 8  # 12 and 20 bits lie in the upper ones of 16 and 24
    decoder = DECODERS.get((tag, width))
    if decoder is None or (tag == TAG_FLOAT and bits % 8):
        raise MediaError(FailureCode.UNSUPPORTED_CODEC, f"WAVE format {tag:#06x} with {bits} bits")
    if block == 0 or block != channels * width:
        raise MediaError(FailureCode.CORRUPT, f"{channels} channels of {bits} bits do not make {block} bytes")
    return Header(
        container=Container.WAV,
        codec=decoder,
        sample_rate_hz=rate,
        channels=channels,
        bits_per_sample=min(used or bits, bits) if tag == TAG_PCM else 0,
        sample_count=data_length // block,
    )


def _extensible(format_chunk: bytes) -> tuple[int, int]:
    """The tag, and how many bits of a sample are used: 24 in 32 are common, and FLAC of 24 is played by more."""
    if len(format_chunk) < 40 or format_chunk[26:40] != GUID_TAIL:
        raise MediaError(FailureCode.UNSUPPORTED_CODEC, "an extensible WAVE format of another vendor")
    return int.from_bytes(format_chunk[24:26], "little"), int.from_bytes(format_chunk[18:20], "little")
