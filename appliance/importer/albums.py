"""Whose an album is, told from all of its files together. Pure.

Tags decide where they speak: the album artist, or the mark of a compilation. Where they are silent, an album by one
artist is that artist's, and one by several is a compilation. A guest ("feat.") makes no second artist: the guest goes
into the title, as catalogues have it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import msgspec

VARIOUS_ARTISTS: Final = "Various Artists"
GUEST: Final = re.compile(
    r"^(?P<lead>.*\S)\s+[(\[]?(?:feat\.?|ft\.|featuring)\s+(?P<guest>[^)\]]+)[)\]]?$", re.IGNORECASE
)
NAMES_GUEST: Final = re.compile(r"\b(?:feat\.?|ft\.|featuring)\s", re.IGNORECASE)


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a track before it is uploaded."""

    title: str
    artist: str | None = None
    album: str | None = None
    album_artist: str | None = None
    compilation: bool = False
    disc_number: int = 1
    track_number: int | None = None
    release_date: str | None = None
    """ISO 8601; a tag that holds only a year means its first day."""
    isrc: str | None = None
    duration_s: float | None = None
    """As the header says, for the report; the ingest counts for itself."""


def settled(descriptions: Sequence[Description]) -> list[Description]:
    """The descriptions of one folder's files, in their order, with guests in the titles and album artists named."""
    plain = [_without_guest(description) for description in descriptions]
    artists: defaultdict[str, set[str]] = defaultdict(set)
    for description in plain:
        if description.album and description.artist:
            artists[same_name(description.album)].add(same_name(description.artist))
    return [_with_album_artist(description, artists[same_name(description.album or "")]) for description in plain]


def same_name(name: str) -> str:
    """What two spellings of one name have in common: neither case, nor width, nor spaces make another name."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _without_guest(description: Description) -> Description:
    found = GUEST.fullmatch(description.artist or "")
    if found is None:
        return description
    named = NAMES_GUEST.search(description.title) is not None
    title = description.title if named else f"{description.title} (feat. {found['guest'].strip()})"
    return msgspec.structs.replace(description, artist=found["lead"], title=title)


def _with_album_artist(description: Description, artists: set[str]) -> Description:
    if description.album is None or description.album_artist is not None:
        return description
    various = description.compilation or len(artists) > 1
    return msgspec.structs.replace(description, album_artist=VARIOUS_ARTISTS if various else description.artist)
