"""A stream as it was found: its playlists, what the server said with them, and figures of its segments. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

import msgspec

from appliance.lint.playlist import Media, Multivariant, Variant
from appliance.lint.timing import Header, Span

MAX_RUN = 100
"""Segments in what a peak is measured over: a target of 10 s is far from a hundred segments long."""


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """How a server answered one URL."""

    content_type: str
    content_encoding: str | None
    redirected: bool


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A segment that was fetched."""

    byte_length: int
    header: Header | None
    span: Span | None
    """None where it has no boxes that can be read."""

    @property
    def duration_s(self) -> Fraction | None:
        if self.header is None or self.span is None:
            return None
        return Fraction(self.span.duration_ticks, self.header.timescale)


class Unread(msgspec.Struct, frozen=True, kw_only=True):
    """A URL of the stream that gave nothing to judge."""

    url: str
    cause: str


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that rules look at. `pieces` are by media playlist, None for a segment that could not be had."""

    multivariant: Multivariant | None
    medias: Mapping[str, Media]
    """By their URLs."""
    responses: Mapping[str, Response]
    pieces: Mapping[str, tuple[Piece | None, ...]]
    """Of the media playlists whose segments were fetched."""
    unread: tuple[Unread, ...] = ()

    def variants(self) -> Iterator[tuple[Variant, Media]]:
        """The variants whose playlists were read."""
        for variant in () if self.multivariant is None else self.multivariant.variants:
            media = self.medias.get(variant.url)
            if media is not None:
                yield variant, media


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """Measured bit rates of a media playlist."""

    average_bps: Fraction
    peak_bps: Fraction
    """Of the densest run of segments that lasts 0.5 to 1.5 target durations (RFC 8216 section 4.1)."""


def rates(media: Media, pieces: tuple[Piece | None, ...]) -> Rates | None:
    """None when a segment is missing or nothing has a duration."""
    lengths = [piece.byte_length for piece in pieces if piece is not None]
    durations = [Fraction(segment.duration_s) for segment in media.segments]
    total = sum(durations, Fraction(0))
    if len(lengths) != len(durations) or total == 0:
        return None
    average = Fraction(8 * sum(lengths)) / total
    target = Fraction(media.target_duration_s or max(durations))
    densest = max(_runs(lengths, durations, target), default=average)
    return Rates(average_bps=average, peak_bps=densest)


def _runs(lengths: list[int], durations: list[Fraction], target: Fraction) -> Iterator[Fraction]:
    for first in range(len(lengths)):
        length, duration = 0, Fraction(0)
        for index in range(first, min(first + MAX_RUN, len(lengths))):
            length, duration = length + lengths[index], duration + durations[index]
            if duration > target * 3 / 2:
                break
            if duration >= target / 2:
                yield Fraction(8 * length) / duration
