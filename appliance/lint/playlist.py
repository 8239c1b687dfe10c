"""HLS playlists, read (RFC 8216): text in, records out. Pure.

Strict where the linter would judge nonsense, lenient everywhere else: unknown tags and attributes are skipped, a
missing attribute is missing, because that is for a rule to tell. Only what audio needs is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from urllib.parse import urljoin

import msgspec

ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^",]*)(?:,|$)')

SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{0,12})?")
NUMBER = re.compile(r"[0-9]{1,18}")
RANGE = re.compile(r"([0-9]{1,18})(?:@([0-9]{1,18}))?")

MAX_SEGMENTS = 50_000
"""Two days of segments of 4 s; whoever sends more is not worth the memory."""


class NotAPlaylist(ValueError):
    """The text does not start with #EXTM3U, or a line of it cannot be read; the message says which."""


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """EXT-X-STREAM-INF and the URL behind it."""

    url: str
    attributes: Mapping[str, str]

    def number(self, name: str) -> int | None:
        return _number(self.attributes.get(name, ""))


class Rendition(msgspec.Struct, frozen=True, kw_only=True):
    """EXT-X-MEDIA."""

    url: str | None
    attributes: Mapping[str, str]


class Multivariant(msgspec.Struct, frozen=True, kw_only=True):
    """A multivariant playlist."""

    url: str
    variants: tuple[Variant, ...]
    renditions: tuple[Rendition, ...]
    steering: Mapping[str, str] | None
    session_keys: tuple[Mapping[str, str], ...]


class Part(msgspec.Struct, frozen=True):
    """A whole file, or `length` bytes of it from `start` on."""

    url: str
    start: int = 0
    length: int | None = None


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """One segment; `keys` are the EXT-X-KEY tags that hold for it."""

    part: Part
    header: Part | None
    """Of its EXT-X-MAP."""
    duration_s: Decimal
    keys: tuple[Mapping[str, str], ...]
    is_discontinuous: bool

    @property
    def is_encrypted_whole(self) -> bool:
        return any(key.get("METHOD") == "AES-128" for key in self.keys)


class Media(msgspec.Struct, frozen=True, kw_only=True):
    """A media playlist."""

    url: str
    target_duration_s: int | None
    playlist_type: str | None
    is_ended: bool
    is_independent: bool
    segments: tuple[Segment, ...]

    @property
    def duration_s(self) -> Decimal:
        return sum((segment.duration_s for segment in self.segments), Decimal(0))


def read(text: str, url: str) -> Multivariant | Media:
    """Read a playlist that was fetched from `url`. Raises NotAPlaylist."""
    lines = [line.strip() for line in text.splitlines()]
    if not lines or lines[0] != "#EXTM3U":
        raise NotAPlaylist("it does not start with #EXTM3U")
    lines = [line for line in lines[1:] if line]
    if any(line.startswith("#EXT-X-STREAM-INF") for line in lines):
        return _multivariant(lines, url)
    return _media(lines, url)


def _multivariant(lines: list[str], url: str) -> Multivariant:
    tags = list(_tags(lines))
    renditions = [_attributes(value) for name, value, _ in tags if name == "EXT-X-MEDIA"]
    steering = [_attributes(value) for name, value, _ in tags if name == "EXT-X-CONTENT-STEERING"]
    return Multivariant(
        url=url,
        variants=tuple(
            Variant(url=_joined(url, _behind(lines, place)), attributes=_attributes(value))
            for name, value, place in tags
            if name == "EXT-X-STREAM-INF"
        ),
        renditions=tuple(
            Rendition(url=_joined(url, each["URI"]) if "URI" in each else None, attributes=each) for each in renditions
        ),
        steering=steering[0] if steering else None,
        session_keys=tuple(_attributes(value) for name, value, _ in tags if name == "EXT-X-SESSION-KEY"),
    )


def _media(lines: list[str], url: str) -> Media:
    values = {name: value for name, value, _ in _tags(lines)}
    segments = tuple(_segments(lines, url))
    if len(segments) > MAX_SEGMENTS:
        raise NotAPlaylist(f"it has more than {MAX_SEGMENTS} segments")
    return Media(
        url=url,
        target_duration_s=_number(values.get("EXT-X-TARGETDURATION", "")),
        playlist_type=values.get("EXT-X-PLAYLIST-TYPE"),
        is_ended="EXT-X-ENDLIST" in values,
        is_independent="EXT-X-INDEPENDENT-SEGMENTS" in values,
        segments=segments,
    )


class _Reading(msgspec.Struct):
    """What the tags so far say of the segment that comes."""

    duration_s: Decimal | None = None
    header: Part | None = None
    keys: dict[str, Mapping[str, str]] = {}
    keys_are_old: bool = True
    is_discontinuous: bool = False
    byte_range: str | None = None
    before: Part | None = None
    """Behind which a range without a start begins."""


def _segments(lines: list[str], url: str) -> Iterator[Segment]:
    state = _Reading()
    for line in lines:
        if line.startswith("#"):
            _note(state, line, url)
            continue
        if state.duration_s is None:
            raise NotAPlaylist(f"there is no EXTINF before {line}")
        state.before = _part(_joined(url, line), state.byte_range, state.before)
        yield Segment(
            part=state.before,
            header=state.header,
            duration_s=state.duration_s,
            keys=tuple(state.keys.values()),
            is_discontinuous=state.is_discontinuous,
        )
        state.duration_s, state.byte_range, state.is_discontinuous, state.keys_are_old = None, None, False, True


def _note(state: _Reading, line: str, url: str) -> None:
    name, _, value = line[1:].partition(":")
    match name:
        case "EXTINF":
            state.duration_s = _seconds(value)
        case "EXT-X-MAP":
            attributes = _attributes(value)
            state.header = _part(_joined(url, attributes.get("URI", "")), attributes.get("BYTERANGE"), None)
        case "EXT-X-KEY":
            _note_key(state, _attributes(value))
        case "EXT-X-DISCONTINUITY":
            state.is_discontinuous = True
        case "EXT-X-BYTERANGE":
            state.byte_range = value


def _part(url: str, byte_range: str | None, before: Part | None) -> Part:
    """`length[@start]`; without a start it goes on behind the range before (RFC 8216 section 4.3.2.2)."""
    if byte_range is None:
        return Part(url)
    found = RANGE.fullmatch(byte_range.strip('"'))
    if found is None:
        raise NotAPlaylist(f"not a byte range: {byte_range}")
    length, start = int(found[1]), found[2]
    if start is not None:
        return Part(url, int(start), length)
    if before is None or before.url != url or before.length is None:
        return Part(url, 0, length)
    return Part(url, before.start + before.length, length)


def _note_key(state: _Reading, key: Mapping[str, str]) -> None:
    """Keys in front of one segment are ways to the same one; the next such row replaces them (section 4.3.2.4)."""
    if state.keys_are_old or key.get("METHOD") == "NONE":
        state.keys = {}
    state.keys_are_old = False
    if key.get("METHOD") != "NONE":
        state.keys = {**state.keys, key.get("KEYFORMAT", "identity"): key}


def _seconds(value: str) -> Decimal:
    text = value.partition(",")[0].strip()
    if not SECONDS.fullmatch(text):
        raise NotAPlaylist(f"EXTINF has no duration: {value[:40]}")
    return Decimal(text)


def _number(text: str) -> int | None:
    return int(text) if NUMBER.fullmatch(text) else None


def _joined(base: str, text: str) -> str:
    try:
        return urljoin(base, text)
    except ValueError:
        raise NotAPlaylist(f"not a URL: {text[:80]}") from None


def _tags(lines: list[str]) -> Iterator[tuple[str, str, int]]:
    for place, line in enumerate(lines):
        if line.startswith("#EXT"):
            name, _, value = line[1:].partition(":")
            yield name, value, place


def _behind(lines: list[str], place: int) -> str:
    for line in lines[place + 1 :]:
        if not line.startswith("#"):
            return line
    raise NotAPlaylist("there is no URL behind the last EXT-X-STREAM-INF")


def _attributes(text: str) -> dict[str, str]:
    return {name: value.strip('"') for name, value in ATTRIBUTE.findall(text)}
