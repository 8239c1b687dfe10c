"""The ladder in the order in which manifests offer it, whatever order it was stored in.

Several tracks in one presentation offer what all of them have: players keep to one codec and layout for all of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from origin import timeline
from origin.asset import Asset, Codec, Rendition
from origin.bandwidth import Rates, rates
from origin.errors import NotThere

CODECS = (Codec.AAC, Codec.OPUS, Codec.FLAC)
"""Every player has AAC; Opus is for lines that AAC's smallest is too much for, and not on all of Apple's; lossless is
for who asks for it."""


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """One rendition as a listener chooses it; of several tracks, the renditions that bear its name, one of each."""

    name: str
    codec: Codec
    codec_string: str
    channels: int
    average_bandwidth_bps: int
    peak_bandwidth_bps: int
    """Both as a playlist of all tracks has them (`origin.bandwidth`)."""
    renditions: tuple[Rendition, ...]
    """In the order of the tracks."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The variants between which a player may change at any segment, by rising bandwidth: one codec, one layout."""

    codec: Codec
    channels: int
    variants: tuple[Variant, ...]

    @property
    def name(self) -> str:
        return f"{self.codec.value}-{self.channels}ch"


def groups(assets: Sequence[Asset]) -> tuple[Group, ...]:
    """What the tracks can be presented in, codec by codec. Raises NotThere when they have nothing in common.

    Players start with what stands first and change within a codec more readily than between two.
    """
    ascending = sorted(_shared(assets), key=lambda each: each.peak_bandwidth_bps)
    kinds = sorted({(CODECS.index(each.codec), each.channels) for each in ascending if each.codec in CODECS})
    if not kinds:
        raise NotThere("the tracks have no rendition in common")
    return tuple(
        Group(
            codec=CODECS[place],
            channels=channels,
            variants=tuple(each for each in ascending if each.codec is CODECS[place] and each.channels == channels),
        )
        for place, channels in kinds
    )


def common(assets: Sequence[Asset], name: str) -> tuple[Rendition, ...]:
    """The renditions that bear this name. Raises NotThere when a track has none, or one of another kind."""
    found = _common(assets, name)
    if found is None:
        raise NotThere(f"no rendition {name}, or not the same in all tracks")
    return found


def _shared(assets: Sequence[Asset]) -> list[Variant]:
    target_duration_s = max(timeline.target_duration_s(asset) for asset in assets)
    found = (_common(assets, rendition.name) for rendition in assets[0].renditions)
    return [_variant(each, rates(each, target_duration_s=target_duration_s)) for each in found if each is not None]


def _common(assets: Sequence[Asset], name: str) -> tuple[Rendition, ...] | None:
    named = tuple(rendition for asset in assets for rendition in asset.renditions if rendition.name == name)
    if len(named) != len(assets) or len({(each.codec_string, each.channels) for each in named}) != 1:
        return None
    return named


def _variant(renditions: tuple[Rendition, ...], measured: Rates) -> Variant:
    first = renditions[0]
    return Variant(
        name=first.name,
        codec=first.codec,
        codec_string=first.codec_string,
        channels=first.channels,
        average_bandwidth_bps=measured.average_bps,
        peak_bandwidth_bps=measured.peak_bps,
        renditions=renditions,
    )
