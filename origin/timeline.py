"""The timeline of a rendition as a manifest tells it: which segments are heard, how long each, in exact ticks.

Priming lies before zero, because the edit list in the header takes it away, and padding lies behind the end. The sum is
the presentation to the sample, in HLS and in DASH alike; a segment that holds padding alone is not told at all.

- DASH tells when a segment is heard, behind the edit list: the first is shorter than it is stored, the last one too.
- HLS tells where a segment lies in its media (`tfdt`), before the edit list: the first has its stored length, and what
  priming adds to it the last one gives back.

Why no `presentationTimeOffset` in DASH: docs/decisions/0012-dash-timeline.md. Why HLS differs:
docs/decisions/0102-extinf-of-the-first-segment.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from itertools import accumulate

from origin.asset import Asset, Rendition

MICROSECOND = 1_000_000


def heard_ticks(rendition: Rendition) -> tuple[int, ...]:
    """How many ticks of each segment are heard, up to the last segment of which any is."""
    ticks = rendition.presented_ticks
    heard = max(index for index, count in enumerate(ticks) if count > 0) + 1
    return ticks[:heard]


def listed_ticks(rendition: Rendition) -> tuple[int, ...]:
    """How many ticks HLS says of each heard segment, so that each but the first starts at its `tfdt`.

    A last segment that is heard for no longer than the priming has nothing to give: then each is told as it is heard.
    Ingest makes none that short (`ingest.cmaf.segmentation`).
    """
    ticks, priming = list(heard_ticks(rendition)), rendition.priming_samples
    if ticks[-1] > priming:
        ticks[0] += priming
        ticks[-1] -= priming
    return tuple(ticks)


def segment_microseconds(rendition: Rendition) -> tuple[int, ...]:
    """The durations of the listed segments in microseconds, as EXTINF says them.

    Each is the difference of two rounded positions, so that the sum up to any segment is off by at most half a
    microsecond, however many there are. Rounding each duration on its own would drift through a long track.
    """
    durations, position, told = [], 0, 0
    for ticks in listed_ticks(rendition):
        position += ticks
        until = _rounded(position * MICROSECOND, rendition.timescale)
        durations.append(until - told)
        told = until
    return tuple(durations)


def longest_microseconds(asset: Asset) -> int:
    """The longest segment of any rendition."""
    return max(max(segment_microseconds(rendition)) for rendition in asset.renditions)


def target_duration_s(asset: Asset) -> int:
    """The longest segment in whole seconds, rounded as RFC 8216 section 4.3.3.1 compares it.

    One number for all playlists of an asset, as Apple's authoring rule 8.2 asks; at least 1, from which a player can
    derive a buffer.
    """
    return max(1, _rounded(longest_microseconds(asset), MICROSECOND))


def start_microseconds(assets: Iterable[Asset]) -> tuple[int, ...]:
    """Where each of several tracks starts when they follow each other, and last where all of them end.

    A track is as long as its longest rendition. Positions are rounded up from exact sums, so that no error adds up, and
    a single track is never cut: its window ends at or behind its last sample.
    """
    lengths = (max(Fraction(r.sample_count, r.timescale) for r in asset.renditions) for asset in assets)
    return tuple(math.ceil(position * MICROSECOND) for position in accumulate(lengths, initial=Fraction(0)))


def _rounded(numerator: int, denominator: int) -> int:
    """To the nearest whole number, halves up; integers only, because a float's half is not always one."""
    return (2 * numerator + denominator) // (2 * denominator)
