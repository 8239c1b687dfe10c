"""Labels: the few words by which a downloaded file names itself, as bytes of each container. Pure.

Title, artist, album and ISRC, no more: the catalogue is the truth, and a file that left the house cannot be corrected.
An empty label is left out. The keys are those that readers of music libraries look for:

| label  | ID3v2.4 | Vorbis comment | MP4                            |
|--------|---------|----------------|--------------------------------|
| title  | TIT2    | TITLE          | `©nam`                         |
| artist | TPE1    | ARTIST         | `©ART`                         |
| album  | TALB    | ALBUM          | `©alb`                         |
| isrc   | TSRC    | ISRC           | `----`, com.apple.iTunes, ISRC |
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import pack

import msgspec

from ingest.cmaf.boxes import box, full_box

UTF_8 = 1
"""The type of a value in an item of MP4's list (QuickTime's well-known types)."""
FREEFORM_MEAN = "com.apple.iTunes"


class Labels(msgspec.Struct, frozen=True, kw_only=True):
    """Of one track; empty where nothing is known."""

    title: str
    artist: str = ""
    album: str = ""
    isrc: str = ""


def id3_fields(labels: Labels) -> dict[str, str]:
    """For FFmpeg's MP3 muxer, which knows three of the frames by a name of its own and the fourth by its id."""
    return _told(title=labels.title, artist=labels.artist, album=labels.album, TSRC=labels.isrc)


def vorbis_comment(labels: Labels, *, vendor: bytes, more: Mapping[str, str] | None = None) -> bytes:
    """A comment header (Vorbis I, section 5; RFC 9639, section 8.6) without type and framing."""
    told = _told(TITLE=labels.title, ARTIST=labels.artist, ALBUM=labels.album, ISRC=labels.isrc, **(more or {}))
    comments = [vendor, *(f"{key}={value}".encode() for key, value in told.items())]
    head, *fields = (pack("<I", len(comment)) + comment for comment in comments)
    return head + pack("<I", len(fields)) + b"".join(fields)


def item_list(labels: Labels, *, freeform: dict[str, str]) -> bytes:
    """`udta` with the list of items that MP4 players read; `freeform` items have no four letters of their own."""
    plain = {"©nam": labels.title, "©ART": labels.artist, "©alb": labels.album}
    items = [box(kind, _value(text)) for kind, text in _told(**plain).items()]
    items += [_freeform(name, text) for name, text in _told(ISRC=labels.isrc, **freeform).items()]
    handler = full_box("hdlr", pack(">I4s4s", 0, b"mdir", b"appl"), bytes(9))
    return box("udta", full_box("meta", handler, box("ilst", *items)))


def _value(text: str) -> bytes:
    return box("data", pack(">II", UTF_8, 0), text.encode())


def _freeform(name: str, text: str) -> bytes:
    return box("----", full_box("mean", FREEFORM_MEAN.encode()), full_box("name", name.encode()), _value(text))


def _told(**fields: str) -> dict[str, str]:
    return {key: text for key, text in fields.items() if text}
