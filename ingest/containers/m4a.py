"""M4A, the ISO base media file format with one track of AAC-LC or ALAC (ISO/IEC 14496-12 and -14, Apple's ALAC).

Refused: video, several tracks of audio, encryption, fragments, audio that lies in another file, and HE-AAC, for its
delay is nowhere written down.

Not here: which of the decoded samples are the track (`ingest.containers.m4a_span`), and the tables that say where its
bytes are (`ingest.containers.m4a_samples`).
"""

from __future__ import annotations

import struct

import msgspec

from ingest.containers.esds import read_aac
from ingest.containers.header import Buffer, Container, Header
from ingest.containers.isobmff import Box, children, find, need, top
from ingest.containers.m4a_samples import read_samples
from ingest.containers.m4a_span import Media, read_span, timescale_of
from ingest.contract import FailureCode
from ingest.errors import MediaError

SAMPLE_ENTRY = struct.Struct(">6xH H6x H H 4x I")  # data reference, version, channels, bits, rate
ALAC = struct.Struct(">4x IBBBBBBHIII")  # frame, version, bits, three parameters, channels, run, size, rate, rate
PROTECTED = (b"enca", b"drms", b"p608")
AAC_FRAME = 1024
SELF_CONTAINED = 1


class _Codec(msgspec.Struct, frozen=True, kw_only=True):
    """What the sample description says."""

    name: str
    rate_hz: int
    channels: int
    bits: int


def matches(data: Buffer) -> bool:
    return bytes(data[4:8]) == b"ftyp"


def parse(data: Buffer) -> Header:
    """Read the header. Raises MediaError."""
    movie = _movie(data)
    track = _track(data, movie)
    media = need(data, track, b"mdia")
    table = need(data, media, b"minf", b"stbl")
    codec = _codec(data, table)
    _check_place(data, need(data, media, b"minf"))
    samples = read_samples(data, table)
    timescale = timescale_of(data, need(data, media, b"mdhd"))
    length = samples.ticks * codec.rate_hz // timescale
    decoded = samples.count * AAC_FRAME if codec.name == "aac" else length
    span = read_span(
        data, movie, track, Media(timescale=timescale, rate_hz=codec.rate_hz, length=length, decoded=decoded)
    )
    return Header(
        container=Container.M4A,
        codec=codec.name,
        sample_rate_hz=codec.rate_hz,
        channels=codec.channels,
        bits_per_sample=codec.bits,
        sample_count=span.count,
        lead_samples=span.start,
    )


def _movie(data: Buffer) -> Box:
    boxes = top(data)
    movie = next((box for box in boxes if box.kind == b"moov"), None)
    if movie is None or movie.end > len(data):
        raise MediaError(FailureCode.TRUNCATED, "the file ends before its table of contents does")
    if any(box.kind == b"moof" for box in boxes) or find(data, movie, b"mvex"):
        raise MediaError(FailureCode.UNSUPPORTED_CONTAINER, "an MP4 file in fragments")
    if find(data, movie, b"pssh"):
        raise MediaError(FailureCode.PROTECTED, "the file names a system of protection")
    return movie


def _track(data: Buffer, movie: Box) -> Box:
    """The one track of audio; texts and the like beside it do no harm."""
    audio: list[Box] = []
    for track in (box for box in children(data, movie) if box.kind == b"trak"):
        handler = need(data, track, b"mdia", b"hdlr").head(data, 12)[8:12]
        if handler == b"vide":
            raise MediaError(FailureCode.SEVERAL_STREAMS, "the file holds video")
        if handler == b"soun":
            audio.append(track)
    if not audio:
        raise MediaError(FailureCode.UNSUPPORTED_CONTAINER, "an MP4 file without audio")
    if len(audio) > 1:
        raise MediaError(FailureCode.SEVERAL_STREAMS, f"{len(audio)} tracks of audio")
    return audio[0]


def _codec(data: Buffer, table: Box) -> _Codec:
    entries = children(data, need(data, table, b"stsd").inside(8))
    if len(entries) != 1:
        raise MediaError(FailureCode.UNSUPPORTED_CODEC, f"{len(entries)} descriptions of the audio")
    entry = entries[0]
    inner = entry.inside(SAMPLE_ENTRY.size)
    _, version, *_ = SAMPLE_ENTRY.unpack(entry.head(data, SAMPLE_ENTRY.size))
    if entry.kind in PROTECTED or (version == 0 and find(data, inner, b"sinf")):
        raise MediaError(FailureCode.PROTECTED, f"the audio is encrypted ({entry.kind!r})")
    if version != 0 or entry.kind not in (b"mp4a", b"alac"):
        raise MediaError(FailureCode.UNSUPPORTED_CODEC, f"audio of type {entry.kind!r}, version {version}")
    if entry.kind == b"alac":
        return _alac(need(data, inner, b"alac").head(data, ALAC.size))
    box = need(data, inner, b"esds")
    rate_hz, channels = read_aac(box.head(data, min(box.end - box.start, 256)))
    return _Codec(name="aac", rate_hz=rate_hz, channels=channels, bits=0)


def _alac(config: bytes) -> _Codec:
    _, version, bits, _, _, _, channels, _, _, _, rate_hz = ALAC.unpack(config)
    if version != 0 or bits not in (16, 20, 24, 32):
        raise MediaError(FailureCode.UNSUPPORTED_CODEC, f"ALAC of version {version} with {bits} bits")
    return _Codec(name="alac", rate_hz=rate_hz, channels=channels, bits=bits)


def _check_place(data: Buffer, information: Box) -> None:
    """The audio has to lie in this file: a reference to another is how a file makes a reader open one."""
    references = children(data, need(data, information, b"dinf", b"dref").inside(8))
    if any(int.from_bytes(box.head(data, 4)[1:], "big") != SELF_CONTAINED for box in references):
        raise MediaError(FailureCode.UNSUPPORTED_CONTAINER, "the audio lies in another file")
