"""A sketch of how often each key was asked for lately: a few bytes for each that may be held, whatever their number.

A count-min sketch with conservative counting (Cormode and Muthukrishnan 2005): a key has four counters, its count is
their minimum, and only those that are at the minimum are raised. Counts stop at 15 and are all halved now and then, so
that what was popular last week does not keep out what is popular today (TinyLFU, Einziger et al. 2017, section 3.3).
"""

from __future__ import annotations

from collections.abc import Hashable

COUNTERS_AN_ENTRY = 32
"""Room for all that passes by, so that a crowd of strangers does not look like a friend."""

MOST = 15
SAMPLE = 10
"""Times the number of entries: after so many requests counts are halved."""

HALVED = bytes(count // 2 for count in range(256))


class Sketch:
    """Counts for a cache of about `entries`."""

    def __init__(self, entries: int) -> None:
        width = 1 << (entries * COUNTERS_AN_ENTRY - 1).bit_length()
        self._mask = width - 1
        self._counts = bytearray(width)
        self._until_halved = self._sample = entries * SAMPLE

    def add(self, key: Hashable) -> None:
        """Note that `key` was asked for."""
        counts, places = self._counts, self._places(key)
        least = min([counts[place] for place in places])
        if least < MOST:
            for place in places:
                if counts[place] == least:
                    counts[place] = least + 1
        self._until_halved -= 1
        if not self._until_halved:
            self._counts = self._counts.translate(HALVED)
            self._until_halved = self._sample

    def count(self, key: Hashable) -> int:
        """How often it was asked for: never less, by chance more, at most 15."""
        return min([self._counts[place] for place in self._places(key)])

    def _places(self, key: Hashable) -> tuple[int, int, int, int]:
        """Four places from one hash of 64 bits, by double hashing. Each hot answer comes here twice: no loop."""
        first, mask = hash(key), self._mask
        step = (first >> 32) | 1
        return first & mask, (first + step) & mask, (first + 2 * step) & mask, (first + 3 * step) & mask
