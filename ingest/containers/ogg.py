"""Ogg (RFC 3533) with one stream of Vorbis, Opus (RFC 7845) or FLAC inside, told by the first packet.

Every page is looked at, though not into: one stream from its first page to its last, none missing between them. A
second stream, beside the first or behind it, is refused; bytes behind the last page are not audio. The last page's
position is the length of the track.

Not here: checksums of pages, which the decoder's demuxer compares.
"""

from __future__ import annotations

import struct

import msgspec

from ingest.containers.flac import STREAMINFO_LENGTH, read_streaminfo
from ingest.containers.header import Buffer, Container, Header, take
from ingest.contract import FailureCode
from ingest.errors import MediaError

MAGIC = b"OggS"
PAGE = struct.Struct("<4sBBqIIIB")  # magic, version, flags, position, stream, number, checksum, lacing values
FIRST_PAGE, LAST_PAGE = 0x02, 0x04
MAX_PAGES = 1_500_000
"""Four hours with a page for every 10 ms; a file of empty pages would keep the walker busy for minutes."""
OPUS_RATE_HZ = 48_000
VORBIS = struct.Struct("<7sIBI")  # magic, version, channels, rate (Vorbis I, section 4.2.2)
OPUS = struct.Struct("<8sBBHIhB")  # magic, version, channels, pre-skip, rate of the source, gain, mapping
FLAC = struct.Struct(">5s2BH4sI")  # magic, version, headers, FLAC's own magic, head of STREAMINFO


class Page(msgspec.Struct, frozen=True):
    """A page's header and where its packets lie; `position` is -1 when no packet ends on it."""

    flags: int
    position: int
    stream: int
    number: int
    body: int
    end: int


def matches(data: Buffer) -> bool:
    return bytes(data[:4]) == MAGIC


def parse(data: Buffer) -> Header:
    """Read the header. Raises MediaError."""
    first = _page(data, 0)
    header = _identify(data, first.body)
    position = _last_position(data, first)
    if header.codec == "flac":
        return msgspec.structs.replace(header, sample_count=header.sample_count or position)
    return msgspec.structs.replace(header, sample_count=position - header.lead_samples)


def _page(data: Buffer, start: int) -> Page:
    _, _, flags, position, stream, number, _, count = PAGE.unpack(take(data, start, PAGE.size))
    body = start + PAGE.size + count
    end = body + sum(take(data, start + PAGE.size, count))
    return Page(flags, position, stream, number, body, end)


def _last_position(data: Buffer, page: Page) -> int:
    """Walk from the first page to the last; return the position of the last page that has one."""
    stream, position = page.stream, 0
    if not page.flags & FIRST_PAGE:
        raise MediaError(FailureCode.CORRUPT, "the stream does not begin with its first page")
    for _ in range(MAX_PAGES):
        position = page.position if page.position >= 0 else position
        if page.end > len(data):
            raise MediaError(FailureCode.TRUNCATED, "the file ends inside a page")
        if page.flags & LAST_PAGE:
            _check_behind(data, page.end)
            return position
        following = _following(data, page)
        if following.stream != stream or following.number != page.number + 1 & 0xFFFFFFFF:
            raise MediaError(FailureCode.CORRUPT, f"page {page.number} is not followed by the next one")
        page = following
    raise MediaError(FailureCode.TOO_LONG, f"more than {MAX_PAGES} pages")


def _following(data: Buffer, page: Page) -> Page:
    magic = bytes(data[page.end : page.end + 4])
    if len(magic) < 4:
        raise MediaError(FailureCode.TRUNCATED, "the stream has no last page")
    if magic != MAGIC:
        raise MediaError(FailureCode.CORRUPT, f"no page begins at byte {page.end}")
    following = _page(data, page.end)
    if following.flags & FIRST_PAGE:
        raise MediaError(FailureCode.SEVERAL_STREAMS, "a second stream begins beside the first")
    return following


def _check_behind(data: Buffer, end: int) -> None:
    head = bytes(data[end : end + PAGE.size])
    if len(head) == PAGE.size and head[:4] == MAGIC and head[5] & FIRST_PAGE:
        raise MediaError(FailureCode.SEVERAL_STREAMS, "a second stream begins behind the first")


def _identify(data: Buffer, packet: int) -> Header:
    """What the first packet says; the length is not in it."""
    magic = bytes(data[packet : packet + 8])
    if magic.startswith(b"\x01vorbis"):
        return _vorbis(take(data, packet, VORBIS.size))
    if magic == b"OpusHead":
        return _opus(take(data, packet, OPUS.size))
    if magic.startswith(b"\x7fFLAC"):
        *_, own_magic, head = FLAC.unpack(take(data, packet, FLAC.size))
        if own_magic != b"fLaC" or head & 0x7FFFFFFF != STREAMINFO_LENGTH:
            raise MediaError(FailureCode.CORRUPT, "the stream does not begin with its STREAMINFO")
        return read_streaminfo(take(data, packet + FLAC.size, STREAMINFO_LENGTH), Container.OGG)
    if len(magic) < 8:
        raise MediaError(FailureCode.TRUNCATED, "the file ends inside its first packet")
    raise MediaError(FailureCode.UNSUPPORTED_CODEC, f"an Ogg stream that begins with {magic!r}")


def _vorbis(packet: bytes) -> Header:
    _, version, channels, rate = VORBIS.unpack(packet)
    if version != 0:
        raise MediaError(FailureCode.UNSUPPORTED_CODEC, f"Vorbis of version {version}")
    return _lossy("vorbis", rate, channels)


def _opus(packet: bytes) -> Header:
    _, version, channels, pre_skip, _, _, mapping = OPUS.unpack(packet)
    # Family 0 is mono and stereo, 1 the surround layouts; others have no speakers (RFC 7845, section 5.1.1).
    if version >> 4 or mapping > 1:
        raise MediaError(FailureCode.UNSUPPORTED_CODEC, f"Opus of version {version} with channel mapping {mapping}")
    return msgspec.structs.replace(_lossy("opus", OPUS_RATE_HZ, channels), lead_samples=pre_skip)


def _lossy(codec: str, rate: int, channels: int) -> Header:
    return Header(
        container=Container.OGG,
        codec=codec,
        sample_rate_hz=rate,
        channels=channels,
        bits_per_sample=0,
        sample_count=None,
    )
