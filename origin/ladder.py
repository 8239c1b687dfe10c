"""The ladder of an asset in the order in which manifests offer it, whatever order it was stored in."""

from __future__ import annotations

from origin.asset import Asset, Codec, Rendition

CODECS = (Codec.AAC, Codec.OPUS, Codec.FLAC)
"""Every player has AAC; Opus is for lines that AAC's smallest is too much for, and not on all of Apple's; lossless is
for who asks for it."""


def by_codec(asset: Asset) -> list[list[Rendition]]:
    """The renditions of each codec by rising bandwidth, codec by codec.

    Players start with what stands first and change within a codec more readily than between two.
    """
    ascending = sorted(asset.renditions, key=lambda rendition: rendition.peak_bandwidth_bps)
    groups = ([rendition for rendition in ascending if rendition.codec is codec] for codec in CODECS)
    return [group for group in groups if group]
