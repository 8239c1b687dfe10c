"""Tags: from what a reader found in a master to what is proposed to the artist. Pure.

A stranger wrote them: every text is put into normalisation form C, loses its control characters and has a limit, every
number a range, every id its shape. What does not fit is left out, never an error. They decide nothing: what the artist
confirms goes through the catalogue's own mutations.

The fields have the names that tinytag gives them, lower case, several values each. It calls the fields that every
format has by one name, and leaves those of MusicBrainz as each format spells them.

Not here: reading a file (`ingest.stages.describe`), times in lyrics (`ingest.lyrics`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TypeVar
from uuid import UUID

from ingest import lyrics
from ingest.contract import LyricLine, Tags

T = TypeVar("T")
Fields = Mapping[str, Sequence[str]]

MAX_LENGTH = 200
"""Of a name or title: what the catalogue takes."""
MAX_LYRICS_LENGTH = 50_000
"""An opera in three acts has some 40,000 characters."""
MAX_VALUES = 20
MAX_NUMBER = 999

ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}", re.ASCII)
ISRC_PUNCTUATION = str.maketrans("", "", "- \u2010\u2011\u2012\u2013")
DATE = re.compile(r"(\d{4})(?:[-./](\d{2})(?:[-./](\d{2}))?)?(?![0-9])", re.ASCII)
ITUNES_CODE = re.compile(r":isrc:", re.IGNORECASE)
"""iTunes writes `label:isrc:CODE` into its `xid ` atom."""
MUSICBRAINZ = "http://musicbrainz.org"
"""The owner of the UFID frame that holds a recording's id."""

# Format characters (Cf) join letters in Persian and emoji; those that turn the direction of what follows are left out.
DROPPED_CATEGORIES = frozenset({"Cc", "Cs", "Co", "Cn"})
BIDI_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def tags_of(fields: Fields) -> Tags | None:
    """What is worth proposing; None when nothing is."""
    credits_ = _texts(fields, "artist")
    plain, synced = _lyrics(fields)
    code, as_written = _isrc(fields)
    tags = Tags(
        title=_first(_texts(fields, "title")),
        artist=_first(credits_),
        artists=_artists(credits_),
        album=_first(_texts(fields, "album")),
        album_artist=_first(_texts(fields, "albumartist")),
        track_number=_number(fields, "track"),
        track_total=_number(fields, "track_total"),
        disc_number=_number(fields, "disc"),
        disc_total=_number(fields, "disc_total"),
        date=_date(fields),
        isrc=code,
        isrc_as_written=as_written,
        genres=_texts(fields, "genre"),
        musicbrainz_recording_id=_first(_recordings(fields)),
        musicbrainz_release_id=_first(_ids(fields, "musicbrainz_albumid", "musicbrainz album id")),
        musicbrainz_release_group_id=_first(_ids(fields, "musicbrainz_releasegroupid", "musicbrainz release group id")),
        musicbrainz_artist_ids=_ids(fields, "musicbrainz_artistid", "musicbrainz artist id"),
        lyrics=plain,
        synced_lyrics=synced,
    )
    return None if tags == Tags() else tags


def clean(text: str) -> str:
    """One line of text as it is proposed; empty when nothing is left."""
    return " ".join(_printable(text).split())[:MAX_LENGTH].strip()


def _printable(text: str) -> str:
    kept = (
        character
        for character in unicodedata.normalize("NFC", text)
        if character in "\n\t" or unicodedata.category(character) not in DROPPED_CATEGORIES
    )
    return "".join(character for character in kept if character not in BIDI_OVERRIDES)


def _texts(fields: Fields, *names: str) -> tuple[str, ...]:
    """The values of all these fields, each once; ID3v2.4 separates several in one frame by zeros."""
    texts = (text for name in names for text in fields.get(name, ())[:MAX_VALUES])
    cleaned = (clean(value) for text in texts for value in text.split("\0", MAX_VALUES)[:MAX_VALUES])
    return tuple(dict.fromkeys(value for value in cleaned if value))[:MAX_VALUES]


def _first(values: Sequence[T]) -> T | None:
    return values[0] if values else None


def _artists(credited: tuple[str, ...]) -> tuple[str, ...]:
    """Who they are, one by one.

    Taggers write the credit ("Ada & Ben") and, in a field that tinytag counts as the same one, each of its names; in
    ID3v2.3 with slashes between them, which a name may have as well ("AC/DC").
    """
    credit, names = credited[:1], credited[1:]
    parts = tuple(part.strip() for name in names for part in ([name] if name in credit[0] else name.split("/")))
    return parts if parts and all(part and part in credit[0] for part in parts) else credited


def _number(fields: Fields, name: str) -> int | None:
    for value in _texts(fields, name):
        if value.isdecimal() and value.isascii() and len(value) < 10 and 1 <= int(value) <= MAX_NUMBER:
            return int(value)
    return None


def _date(fields: Fields) -> str | None:
    """The most exact of the dates; `20240501` and other orders of day and month are no dates of these formats."""
    dates = [found for value in _texts(fields, "year") for found in _written_dates(value)]
    return max(dates, key=len, default=None)


def _written_dates(text: str) -> Iterator[str]:
    found = DATE.match(text)
    if found is None or found[1] == "0000":
        return
    year, month, day = found.groups()
    try:
        date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        yield year
        return
    yield "-".join(part for part in (year, month, day) if part)


def _isrc(fields: Fields) -> tuple[str | None, str | None]:
    """The code in its canonical form, and as it was written; the second alone when it is none."""
    written = _texts(fields, "isrc")
    written += tuple(
        ITUNES_CODE.split(value)[1] for value in _texts(fields, "xid ", "xid") if ITUNES_CODE.search(value)
    )
    for value in written:
        code = value.upper().removeprefix("ISRC").lstrip(": ").translate(ISRC_PUNCTUATION)
        if ISRC.fullmatch(code):
            return code, value
    return None, _first(written)


def _recordings(fields: Fields) -> tuple[UUID, ...]:
    """ID3 keeps the recording in a UFID frame: its owner, a zero, the id."""
    owned = (value.partition("\0") for value in fields.get("ufid", ()))
    from_frames = {"ufid": [value for owner, _, value in owned if owner == MUSICBRAINZ]}
    return _ids(from_frames, "ufid") + _ids(fields, "musicbrainz_trackid", "musicbrainz track id")


def _ids(fields: Fields, *names: str) -> tuple[UUID, ...]:
    found = []
    for value in _texts(fields, *names):
        # ID3v2.3 has no several values: taggers separate them as they like.
        for part in re.split(r"[/;, ]+", value):
            try:
                found.append(UUID(part))
            except ValueError:
                continue
    return tuple(dict.fromkeys(found))


def _lyrics(fields: Fields) -> tuple[str | None, tuple[LyricLine, ...]]:
    """The first text without times, and the first with them."""
    plain: str | None = None
    synced: tuple[LyricLine, ...] = ()
    for value in [*fields.get("syncedlyrics", ()), *fields.get("lyrics", ())][:MAX_VALUES]:
        text = _printable(value.replace("\r\n", "\n").replace("\r", "\n"))[:MAX_LYRICS_LENGTH].strip()
        lines = lyrics.read(text)
        if lines:
            synced = synced or lines
        else:
            plain = plain or text or None
    return plain, synced
