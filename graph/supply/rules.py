"""What a delivered track has to be, row by row. Pure.

A row is known again by the distributor's own key, else by its ISRC, so one of the two has to be there, and each once in
a delivery. Whatever is wrong with a row is reported with its index; the other rows are not held up by it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

import msgspec

from graph.catalog import credits as credit_rules
from graph.catalog import genres as genre_rules
from graph.catalog import isrc as isrc_rules
from graph.catalog import lyrics as lyrics_rules
from graph.catalog.credits import Credit
from graph.catalog.genres import GenreName
from graph.catalog.lyrics import Line
from graph.catalog.releases import ReleaseState, ReleaseType, require_schedule
from graph.check import Check
from graph.errors import Problem, ProblemCode
from graph.licences import rules as licence_rules
from graph.licences.rules import Grant, Licence
from graph.names import clean

MAX_TRACKS = 10_000
MAX_NUMBER = 999
MAX_KEY_LENGTH = 200

T = TypeVar("T")


class SuppliedAlbum(msgspec.Struct, frozen=True, kw_only=True):
    """The release that a row is on; what is None is left as it is, or as a new album has it."""

    key: str | None = None
    """The distributor's own name for the release."""
    title: str
    artist: str | None = None
    """Of the album as a whole; None for that of the track."""
    type: ReleaseType | None = None
    release_date: date | None = None
    state: ReleaseState | None = None
    live_at: datetime | None = None
    genres: Sequence[str] | None = None


class SuppliedTrack(msgspec.Struct, frozen=True, kw_only=True):
    """One row as it was delivered; what is None is left as it is."""

    key: str | None = None
    isrc: str | None = None
    title: str
    artist: str
    album: SuppliedAlbum | None = None
    disc_number: int | None = None
    track_number: int | None = None
    explicit: bool | None = None
    genres: Sequence[str] | None = None
    credits: Sequence[Credit] | None = None
    lyrics: str | None = None
    synced_lyrics: Sequence[Line] | None = None
    licences: Sequence[Grant] | None = None
    problems: tuple[Problem, ...] = ()
    """What of it could not even be read."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row that can be written."""

    index: int
    key: str | None
    isrc: str | None
    title: str
    artist: str
    album: SuppliedAlbum | None
    disc_number: int | None
    track_number: int | None
    explicit: bool | None
    genres: tuple[GenreName, ...] | None
    credits: tuple[Credit, ...] | None
    lyrics: str | None
    synced_lyrics: tuple[Line, ...] | None
    licences: frozenset[Licence] | None


class Rejection(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with the row of this index, which is not written."""

    index: int
    problem: Problem


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """The track of the row of this index."""

    index: int
    track_id: UUID
    created: bool


def examined(tracks: Sequence[SuppliedTrack]) -> tuple[list[Row], list[Rejection]]:
    """Sort a delivery into what can be written and what is wrong with the rest."""
    rows: list[Row] = []
    rejections: list[Rejection] = []
    for index, track in enumerate(tracks):
        row, problems = _examined(index, track)
        rejections += [Rejection(index=index, problem=problem) for problem in problems]
        if not problems:
            rows.append(row)
    repeated = {one.index: one for one in _repeated(rows)}
    kept = [row for row in rows if row.index not in repeated]
    return kept, sorted([*rejections, *repeated.values()], key=lambda one: one.index)


def _examined(index: int, track: SuppliedTrack) -> tuple[Row, list[Problem]]:
    check = Check()
    check.problems += track.problems
    key = _key(check, track.key)
    if key is None and not track.isrc:
        check.refuse(ProblemCode.REQUIRED, ("key",), "Give your own key, or an ISRC: by it the track is known again.")
    for name, number in (("discNumber", track.disc_number), ("trackNumber", track.track_number)):
        if number is not None and not 1 <= number <= MAX_NUMBER:
            check.refuse(ProblemCode.INVALID_VALUE, (name,), f"Between 1 and {MAX_NUMBER}.")
    row = Row(
        index=index,
        key=key,
        isrc=check(lambda: isrc_rules.normalise(track.isrc) if track.isrc else None, otherwise=None),
        title=check(lambda: clean(track.title, field="title"), otherwise=""),
        artist=check(lambda: clean(track.artist, field="artist"), otherwise=""),
        album=None if track.album is None else _album(check, track.album),
        disc_number=track.disc_number,
        track_number=track.track_number,
        explicit=track.explicit,
        genres=_given(check, track.genres, lambda given: genre_rules.checked(given, field="genres")),
        credits=_given(check, track.credits, lambda given: credit_rules.checked(given, field="credits")),
        lyrics=check(lambda: lyrics_rules.checked_text(track.lyrics or "", field="lyrics"), otherwise=None),
        synced_lyrics=_given(
            check, track.synced_lyrics, lambda given: lyrics_rules.checked_lines(given, field="syncedLyrics")
        ),
        licences=_given(check, track.licences, lambda given: licence_rules.checked(given, field=("licences",))),
    )
    return row, check.problems


def _key(check: Check, text: str | None) -> str | None:
    key = (text or "").strip() or None
    if key is not None and (len(key) > MAX_KEY_LENGTH or not key.isprintable()):
        check.refuse(ProblemCode.INVALID_VALUE, ("key",), f"At most {MAX_KEY_LENGTH} characters that can be printed.")
    return key


def _album(check: Check, album: SuppliedAlbum) -> SuppliedAlbum:
    below = Check()
    key = _key(below, album.key)
    _given(below, album.genres, lambda given: genre_rules.checked(given, field="genres"))
    title = below(lambda: clean(album.title, field="title"), otherwise="")
    artist = album.artist
    if artist is not None:
        artist = below(lambda: clean(album.artist or "", field="artist"), otherwise="")
    if album.state is not None or album.live_at is not None:
        below(lambda: require_schedule(album.state or ReleaseState.LIVE, album.live_at), otherwise=None)
    check.problems += [Problem(one.code, ("album", *one.field), one.message) for one in below.problems]
    return msgspec.structs.replace(album, key=key, title=title, artist=artist)


def _given(check: Check, given: Sequence[object] | None, rule: Callable[..., T]) -> T | None:
    return None if given is None else check(lambda: rule(given), otherwise=None)


def _repeated(rows: Iterable[Row]) -> Iterator[Rejection]:
    """Rows whose key, or ISRC where they have no key, an earlier one has: which of them is meant cannot be told."""
    seen: dict[tuple[str, str], int] = {}
    for row in rows:
        field, value = ("key", row.key) if row.key is not None else ("isrc", row.isrc or "")
        first = seen.setdefault((field, value), row.index)
        if first != row.index:
            message = f"The row {first} of this delivery has the same."
            yield Rejection(index=row.index, problem=Problem(ProblemCode.INVALID_VALUE, (field,), message))
