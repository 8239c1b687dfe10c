"""What is told of a master that is accepted all the same."""

from __future__ import annotations

from enum import Enum

import msgspec


class QualityCode(Enum):
    """What quality control may find in a master that is accepted all the same; stable, for programs."""

    CLIPPED = "clipped"
    OVER_FULL_SCALE = "over_full_scale"
    """Samples that only floating point holds; the stored master, and with it FLAC, ends at full scale."""
    DC_OFFSET = "dc_offset"
    LEADING_SILENCE = "leading_silence"
    TRAILING_SILENCE = "trailing_silence"
    DEAD_CHANNEL = "dead_channel"
    IDENTICAL_CHANNELS = "identical_channels"
    OUT_OF_PHASE = "out_of_phase"
    LOSSY_SOURCE = "lossy_source"
    MD5_MISMATCH = "md5_mismatch"
    BIT_DEPTH_REDUCED = "bit_depth_reduced"
    """The stored master keeps fewer bits than the file had: of floats whose steps are finer than 24 bits."""
    UNREADABLE_ARTWORK = "unreadable_artwork"


class QualityWarning(msgspec.Struct, frozen=True, kw_only=True):
    """One finding, stored on the track; `detail` is a sentence for the artist, with figures and units."""

    code: QualityCode
    detail: str
