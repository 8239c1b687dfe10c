"""The course of a track's level: a short row of points for a player's scrubber.

Pure. It is made of the energies that the meter keeps of every 100 ms (decision 0033), so the samples are not read
again, and it shows what is heard: the weighting of BS.1770, all channels together.
"""

from __future__ import annotations

import numpy as np

from ingest.loudness.gating import Energies

POINTS = 200
"""As many bars as a wide scrubber shows; a track of 20 s and more has all of them, a shorter one a point for 100 ms."""
LOUDEST = 255


def course(energies: Energies) -> bytes:
    """One byte a point, in equal parts from start to end: the mean amplitude of the part, 255 for the loudest."""
    if not len(energies):
        return b""
    count = min(POINTS, len(energies))
    borders = np.linspace(0, len(energies), count, endpoint=False).astype(int)
    sizes = np.diff(borders, append=len(energies))
    amplitudes = np.sqrt(np.add.reduceat(energies.astype(np.float64), borders) / sizes)
    loudest = amplitudes.max()
    if loudest <= 0:
        return bytes(count)
    return bytes(np.rint(amplitudes / loudest * LOUDEST).astype(np.uint8))
