"""What an encoder that writes a whole file by itself says about it at the end. Pure."""

from __future__ import annotations

import msgspec


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """How many samples of a channel a decoder gives out, by the way they are heard.

    Priming comes before the signal and padding behind it; the file tells a player to skip both.
    """

    priming_samples: int
    padding_samples: int
    sample_count: int
