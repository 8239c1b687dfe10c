"""Bandwidths of a media playlist, as HLS defines them (RFC 8216 section 4.1): from what it lists, segment by segment.

The peak is that of the densest run of segments which lasts 0.5 to 1.5 target durations. A single segment may be
denser: a last one of a few frames is more header than sound. Told as the peak it would keep a listener on a slow line
from a rendition that plays well, and break Apple's rule 1.27. It holds for DASH too, whose `minBufferTime` covers such
a segment.

What a descriptor says of a rendition is of its whole file and of its densest segment; this is of what is presented.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from origin.asset import Rendition
from origin.timeline import MICROSECOND, segment_microseconds


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """In bit/s, rounded up."""

    average_bps: int
    peak_bps: int


def rates(renditions: Sequence[Rendition], *, target_duration_s: int) -> Rates:
    """Of the renditions one behind the other, in a playlist of this target duration."""
    lengths_us: list[int] = []
    bits: list[int] = []
    for rendition in renditions:
        heard_us = segment_microseconds(rendition)
        lengths_us += heard_us
        bits += [segment.byte_length * 8 for segment in rendition.segments[: len(heard_us)]]
    average = _rate(sum(bits), sum(lengths_us))
    return Rates(
        average_bps=average,
        # A dense last segment may be too short for a run, and too long for one with the segment before it.
        peak_bps=max((average, *_runs(bits, lengths_us, target_duration_s * MICROSECOND))),
    )


def _runs(bits: Sequence[int], lengths_us: Sequence[int], target_us: int) -> Iterator[int]:
    for first in range(len(bits)):
        held, length_us = 0, 0
        for index in range(first, len(bits)):
            held, length_us = held + bits[index], length_us + lengths_us[index]
            if 2 * length_us > 3 * target_us:
                break
            if 2 * length_us >= target_us:
                yield _rate(held, length_us)


def _rate(bits: int, length_us: int) -> int:
    return -(-bits * MICROSECOND // length_us)
