"""What an attempt makes of a master: the descriptor that is published, and what the catalogue keeps beside it."""

from __future__ import annotations

import msgspec

from ingest.contract import QualityWarning, Tags
from ingest.features.record import Features
from ingest.images.proposal import Offer
from origin.asset import Asset, Codec


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A published revision that is not visible yet."""

    asset: Asset
    warnings: tuple[QualityWarning, ...] = ()
    tags: Tags | None = None
    """A proposal to the artist, as is the image."""
    image: Offer | None = None
    features: Features | None = None
    waveform: bytes = b""

    @property
    def gain_db(self) -> float | None:
        """What the lossy renditions carry; one whose own peak was too high may carry less, as the descriptor tells."""
        streamed = [one.gain_db for one in self.asset.renditions if one.codec is not Codec.FLAC]
        whole = [one.gain_db for one in self.asset.progressive if one.codec is not Codec.FLAC]
        return max((*streamed, *whole), default=None)
