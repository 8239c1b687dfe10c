"""What is kept of how a track sounds: named figures, and one flat vector of them whose layout has a version.

Whoever compares vectors compares those of one version; a change of a figure's definition, of the order or of a unit is
a new `FEATURES_VERSION`, and tracks are analysed again from their stored masters.
"""

from __future__ import annotations

import msgspec

FEATURES_VERSION = 1
MFCC_COUNT = 13
PITCH_CLASSES = 12


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """One candidate, such as `C# minor`; `score` is the correlation with the key's profile, -1 to 1."""

    name: str
    score: float


class Features(msgspec.Struct, frozen=True, kw_only=True):
    """Figures over a whole track; what is spectral is looked at up to 11 kHz, in frames that are not silent."""

    version: int = FEATURES_VERSION
    tempo_bpm: float | None
    """None where nothing repeats between 40 and 240 beats a minute."""
    tempo_confidence: float
    """How alike the onsets are one beat later, 0 to 1."""
    danceability: float
    """The same, and how near the beat is to 120 a minute, 0 to 1."""
    onset_rate_hz: float
    keys: tuple[Key, ...]
    """The best three, the best first; empty where there is no pitch. A fifth off is the usual mistake."""
    key_confidence: float
    """How well the best key fits, and how far it is from the second, 0 to 1."""
    energy: float
    """The integrated loudness from -40 LUFS (0) to -5 LUFS (1)."""
    loudness_range_lu: float
    crest_db: float
    """From the mean power to the peak."""
    centroid_hz: float
    rolloff_hz: float
    """85 % of a frame's power is below."""
    flatness: float
    """0 for a tone to 1 for noise."""
    zero_crossing_rate_hz: float
    chroma: tuple[float, ...]
    """The share of each pitch class from C to B."""
    mfcc_means: tuple[float, ...]
    mfcc_variances: tuple[float, ...]

    @property
    def musical_key(self) -> str | None:
        return self.keys[0].name if self.keys else None

    @property
    def vector(self) -> tuple[float, ...]:
        """`LAYOUT` in order; 0 for a tempo that is not there."""
        return (
            self.tempo_bpm or 0.0,
            self.tempo_confidence,
            self.danceability,
            self.onset_rate_hz,
            self.key_confidence,
            self.energy,
            self.loudness_range_lu,
            self.crest_db,
            self.centroid_hz,
            self.rolloff_hz,
            self.flatness,
            self.zero_crossing_rate_hz,
            *self.chroma,
            *self.mfcc_means,
            *self.mfcc_variances,
        )


LAYOUT: tuple[tuple[str, str], ...] = (
    ("tempo_bpm", "beats a minute"),
    ("tempo_confidence", "0 to 1"),
    ("danceability", "0 to 1"),
    ("onset_rate_hz", "onsets a second"),
    ("key_confidence", "0 to 1"),
    ("energy", "0 to 1"),
    ("loudness_range_lu", "LU"),
    ("crest_db", "dB"),
    ("centroid_hz", "Hz"),
    ("rolloff_hz", "Hz"),
    ("flatness", "0 to 1"),
    ("zero_crossing_rate_hz", "crossings a second"),
    *((f"chroma_{number}", "share, from C upwards") for number in range(PITCH_CLASSES)),
    *((f"mfcc_mean_{number}", "natural logarithm of power") for number in range(MFCC_COUNT)),
    *((f"mfcc_variance_{number}", "its square") for number in range(MFCC_COUNT)),
)
"""The name and the unit of every place in the vector of this version."""
