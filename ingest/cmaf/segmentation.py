"""Where a rendition is cut into segments: after whole frames, at the same ones in every rendition of a codec.

Rules (docs/decisions/0021): a segment is the fewest whole frames that last 4 s or longer; the first is about 1 s, so
that sound starts sooner. An end of less than 1 s goes with the segment before it: a few frames, perhaps of padding
only, are not worth a request.
"""

from __future__ import annotations

FIRST_S = 1
LATER_S = 4
SHORTEST_LAST_S = 1


def frames_a_segment(frame_count: int, frame_ticks: int, timescale: int) -> tuple[int, ...]:
    """How many frames each segment holds; they add up to `frame_count`, which is positive."""
    first = -(-FIRST_S * timescale // frame_ticks)
    later = -(-LATER_S * timescale // frame_ticks)
    if frame_count <= first:
        return (frame_count,)
    whole, rest = divmod(frame_count - first, later)
    counts = [first] + [later] * whole
    if rest * frame_ticks >= SHORTEST_LAST_S * timescale:
        counts.append(rest)
    else:
        counts[-1] += rest
    return tuple(counts)
