"""What a master says about itself: the tags and the cover that its file carries, whatever the container."""

from __future__ import annotations

from typing import Final

import msgspec

FRONT_COVER: Final = 3
"""The picture type that FLAC (RFC 9639, section 8.8) took over from ID3v2's APIC frame."""


class Cover(msgspec.Struct, frozen=True, kw_only=True):
    """A picture in its encoded form."""

    media_type: str
    width: int
    height: int
    data: bytes


class Tags(msgspec.Struct, frozen=True, kw_only=True):
    """The fields that every container here can hold."""

    title: str
    artist: str
    album: str
    year: int
    disc_number: int = 1
    track_number: int
    isrc: str
    cover: Cover
