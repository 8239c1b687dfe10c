"""Just enough of HLS to play a track as a client would: which playlist, which header, which segments, how long each.

Pure: bytes in, records out. It reads what RFC 8216 sections 4.3.2 to 4.3.4 say of the tags below and skips every other,
as section 6.3.1 asks. Not a validator: the tests of the origin judge its playlists with other parsers.
"""

from __future__ import annotations

import re

import msgspec

ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^",]+)')
NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]*)?")  # decimal-integer and decimal-floating-point of section 4.2


class NotAPlaylist(ValueError):
    """The text is no playlist, or lacks what playing needs; the origin answered something else."""


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """One line of choice in a multivariant playlist; `uri` is relative to it."""

    uri: str
    bandwidth_bps: int


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of media; `uri` is relative to its playlist."""

    uri: str
    duration_s: float


class MediaPlaylist(msgspec.Struct, frozen=True, kw_only=True):
    """What a player fetches: the header once, then segment by segment."""

    header_uri: str
    segments: tuple[Segment, ...]


def variants(data: bytes) -> list[Variant]:
    """The choices of a multivariant playlist in its order. Raises NotAPlaylist."""
    found, bandwidth_bps = [], None
    for line in _lines(data):
        if line.startswith("#EXT-X-STREAM-INF:"):
            bandwidth_bps = round(_number(_attribute(line, "BANDWIDTH")))
        elif not line.startswith("#") and bandwidth_bps is not None:
            found.append(Variant(uri=line, bandwidth_bps=bandwidth_bps))
            bandwidth_bps = None
    if not found:
        raise NotAPlaylist("a multivariant playlist offers at least one variant")
    return found


def affordable(choices: list[Variant], bandwidth_bps: int) -> Variant:
    """The best variant within `bandwidth_bps`, else the smallest there is."""
    within = [choice for choice in choices if choice.bandwidth_bps <= bandwidth_bps]
    by_bandwidth = sorted(within or choices, key=lambda choice: choice.bandwidth_bps)
    return by_bandwidth[-1] if within else by_bandwidth[0]


def media_playlist(data: bytes) -> MediaPlaylist:
    """Header and segments of a media playlist. Raises NotAPlaylist."""
    header_uri, duration_s = None, None
    segments = []
    for line in _lines(data):
        if line.startswith("#EXT-X-MAP:"):
            header_uri = _attribute(line, "URI")
        elif line.startswith("#EXTINF:"):
            duration_s = _number(line.removeprefix("#EXTINF:").partition(",")[0])
        elif not line.startswith("#") and duration_s is not None:
            segments.append(Segment(uri=line, duration_s=duration_s))
            duration_s = None
    if header_uri is None or not segments:
        raise NotAPlaylist("a media playlist of fragmented MP4 has a header and segments")
    return MediaPlaylist(header_uri=header_uri, segments=tuple(segments))


def _lines(data: bytes) -> list[str]:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise NotAPlaylist("a playlist is UTF-8") from error
    first, *rest = [line.strip() for line in text.splitlines()] or [""]
    if first != "#EXTM3U":
        raise NotAPlaylist(f"a playlist starts with #EXTM3U, not {first[:40]!r}")
    return [line for line in rest if line]


def _attribute(line: str, name: str) -> str:
    attributes = dict(ATTRIBUTE.findall(line.partition(":")[2]))
    if name not in attributes:
        raise NotAPlaylist(f"no {name} in {line[:80]!r}")
    return str(attributes[name]).strip('"')


def _number(text: str) -> float:
    if not NUMBER.fullmatch(text):
        raise NotAPlaylist(f"not a number: {text[:40]!r}")
    return float(text)
