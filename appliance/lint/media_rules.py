"""Rules of media playlists and segments: durations, headers, joins and keys."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from appliance.lint.findings import Finding, Rule, must, should
from appliance.lint.playlist import Media
from appliance.lint.stream import Piece, Stream

RECOMMENDED_TARGET_S = 6

SEGMENT_ALLOWANCE_S = Decimal("0.5")

FRAME_S = Fraction(2048, 44_100)
"""The longest audio frame of the table, HE-AAC's, stands for the video frame of rule 8.1; priming may take one too."""

NOT_PACKED = ("fLaC", "alac", "mp4a.40.42", "apac")
"""Codecs that are only defined in fragmented MP4 (2.25)."""


def playlists_say_how_long_they_are(stream: Stream) -> Iterator[Finding]:
    for media in stream.medias.values():
        if media.is_ended and media.playlist_type != "VOD":
            yield must("8.6", media.url, "it ends and is not EXT-X-PLAYLIST-TYPE:VOD")
        if media.target_duration_s is None:
            yield must("RFC 8216 4.3.3.1", media.url, "it has no EXT-X-TARGETDURATION")
        elif media.target_duration_s != RECOMMENDED_TARGET_S:
            yield should("7.5", media.url, f"its target duration is {media.target_duration_s} s and not 6 s")


def one_target_duration_holds(stream: Stream) -> Iterator[Finding]:
    targets = {media.target_duration_s for media in stream.medias.values()}
    if len(targets) > 1:
        told = ", ".join(str(target) for target in targets)
        yield must("8.2", _first(stream), f"its playlists have different target durations: {told}")


def segments_keep_to_the_target(stream: Stream) -> Iterator[Finding]:
    for media in stream.medias.values():
        target = media.target_duration_s
        for index, segment in enumerate(media.segments):
            if target is not None and segment.duration_s > target + SEGMENT_ALLOWANCE_S:
                yield must("7.7", media.url, f"segment {index} has {segment.duration_s} s at a target of {target} s")


def durations_are_equal(stream: Stream) -> Iterator[Finding]:
    """All variants tell one story: their ends lie within a frame of each other."""
    ended = [media for media in stream.medias.values() if media.is_ended]
    if len(ended) > 1:
        shortest, longest = min(ended, key=_duration), max(ended, key=_duration)
        if Fraction(longest.duration_s - shortest.duration_s) > FRAME_S:
            yield must("8.3", longest.url, f"it has {longest.duration_s} s, {shortest.url} {shortest.duration_s} s")


def durations_are_true(stream: Stream) -> Iterator[Finding]:
    """The sum of EXTINF against what the segments hold. The priming of each track may be told or not."""
    for media, pieces in _fetched(stream):
        held = [piece.duration_s for piece in pieces if piece is not None]
        if None in held or len(held) != len(media.segments):
            continue
        told, total = Fraction(media.duration_s), sum((each for each in held if each is not None), Fraction(0))
        tracks = 1 + sum(segment.is_discontinuous for segment in media.segments)
        if abs(told - total) > 2 * FRAME_S * tracks:
            yield must("8.1", media.url, f"EXTINF make {float(told):.6f} s, its segments hold {float(total):.6f} s")


def timestamps_continue(stream: Stream) -> Iterator[Finding]:
    for media, pieces in _fetched(stream):
        for index, (before, after) in enumerate(pairwise(pieces), start=1):
            if media.segments[index].is_discontinuous or before is None or after is None:
                continue
            gap = _gap_ticks(before, after)
            if gap:
                yield must("7.3", media.url, f"segment {index} starts {gap} ticks off the end of the one before")


def joins_are_aligned(stream: Stream) -> Iterator[Finding]:
    """Discontinuities stand at the same places on the timeline, to a frame, in all variants."""
    places = {media.url: _joins(media) for media in stream.medias.values() if media.is_ended}
    if not places:
        return
    url, expected = next(iter(places.items()))
    for other, found in places.items():
        off = (abs(Fraction(one - two)) > FRAME_S for one, two in zip(expected, found, strict=False))
        if len(found) != len(expected) or any(off):
            yield must("8.15", other, f"its discontinuities are not where those of {url} are")


def fragments_have_headers(stream: Stream) -> Iterator[Finding]:
    for media in stream.medias.values():
        for index, segment in enumerate(media.segments):
            name = segment.part.url.partition("?")[0]
            if segment.header is None and name.endswith((".m4s", ".mp4", ".cmfa")):
                yield must("8.20", media.url, f"segment {index} is fragmented MP4 without an EXT-X-MAP")
                break


def codecs_are_in_their_container(stream: Stream) -> Iterator[Finding]:
    for variant, media in stream.variants():
        codecs = [codec.strip() for codec in variant.attributes.get("CODECS", "").split(",")]
        lost = [codec for codec in codecs if codec in NOT_PACKED]
        if lost and any(segment.header is None for segment in media.segments):
            yield must("2.25", media.url, f"{lost[0]} is not in fragmented MP4")
        if "mp4a.40.42" in codecs and not media.is_independent:
            yield should("8.23", media.url, "xHE-AAC without EXT-X-INDEPENDENT-SEGMENTS")


def encryption_is_known_to_devices(stream: Stream) -> Iterator[Finding]:
    for media in stream.medias.values():
        methods = {key.get("METHOD") for segment in media.segments for key in segment.keys}
        if "SAMPLE-AES-CTR" in methods:
            yield must("13.11", media.url, "Apple's devices do not decrypt SAMPLE-AES-CTR")
        formats = {
            key.get("METHOD")
            for segment in media.segments
            for key in segment.keys
            if key.get("KEYFORMAT") == "com.apple.streamingkeydelivery"
        }
        if formats - {"SAMPLE-AES"}:
            yield must("13.2", media.url, "FairPlay keys are of METHOD=SAMPLE-AES")


def _gap_ticks(before: Piece, after: Piece) -> int:
    if before.span is None or after.span is None:
        return 0
    return after.span.start_ticks - before.span.start_ticks - before.span.duration_ticks


def _joins(media: Media) -> list[Decimal]:
    position, places = Decimal(0), []
    for segment in media.segments:
        if segment.is_discontinuous:
            places.append(position)
        position += segment.duration_s
    return places


def _fetched(stream: Stream) -> Iterator[tuple[Media, tuple[Piece | None, ...]]]:
    for url, pieces in stream.pieces.items():
        yield stream.medias[url], pieces


def _duration(media: Media) -> Decimal:
    return media.duration_s


def _first(stream: Stream) -> str:
    return next(iter(stream.medias))


RULES: tuple[Rule, ...] = (
    playlists_say_how_long_they_are,
    one_target_duration_holds,
    segments_keep_to_the_target,
    durations_are_equal,
    durations_are_true,
    timestamps_continue,
    joins_are_aligned,
    fragments_have_headers,
    codecs_are_in_their_container,
    encryption_is_known_to_devices,
)
