"""The constant gain of the lossy renditions (docs/decisions/0020).

To the target loudness, and no further than peaks allow: no compression, no limiter. What was done is
`Rendition.gain_db`, so that a client can undo it.
"""

from __future__ import annotations

from ingest.loudness.meter import Reading

CEILING_DBTP = -1.0
MARGIN_DB = 0.1
"""Below the ceiling for the one repetition: an encoder's overshoot differs a little at another level."""

TOLERANCE_DB = 0.05
"""Less is beyond what true-peak meters agree on, for which Tech 3341 allows 0.2 dB: no reason to encode again."""


def gain_db(reading: Reading, target_lufs: float) -> float:
    """The gain for what was measured; what has no loudness (silence, less than 400 ms) is not turned up.

    A gain stops where the master's true peak would pass the ceiling. For a positive gain that is the rule; for a master
    that passes the ceiling by itself it is the attenuation that its renditions would need after encoding, made before:
    the second encoding then corrects an encoder's overshoot only, which it meets within a tenth of a decibel.
    """
    if reading.true_peak_dbtp is None:
        return 0.0
    to_target = 0.0 if reading.integrated_lufs is None else target_lufs - reading.integrated_lufs
    return min(to_target, CEILING_DBTP - reading.true_peak_dbtp)


def corrected_gain_db(gain: float, encoded: Reading) -> float | None:
    """The gain of a second encoding when the first one's own true peak passes the ceiling; None when it does not."""
    if encoded.true_peak_dbtp is None or encoded.true_peak_dbtp <= CEILING_DBTP + TOLERANCE_DB:
        return None
    return gain - (encoded.true_peak_dbtp - CEILING_DBTP) - MARGIN_DB
