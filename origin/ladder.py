"""The ladder of an asset in the order in which manifests offer it, whatever order it was stored in."""

from __future__ import annotations

from origin.asset import Asset, Rendition


def by_codec(asset: Asset) -> list[list[Rendition]]:
    """The renditions of each codec by rising bandwidth; the codec with the smallest rendition first.

    Players start with what stands first and change within a codec more readily than between two.
    """
    ascending = sorted(asset.renditions, key=lambda rendition: rendition.peak_bandwidth_bps)
    codecs = dict.fromkeys(rendition.codec for rendition in ascending)
    return [[rendition for rendition in ascending if rendition.codec is codec] for codec in codecs]
