"""Rules of the multivariant playlist: what is offered, and what is said of it.

Rule 9.20 is left out: it forbids variants of audio alone on tvOS, and those are all that is looked at here.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from urllib.parse import urlsplit

from appliance.lint.findings import Finding, Rule, must, should
from appliance.lint.playlist import Rendition, Variant
from appliance.lint.stream import Rates, Stream, rates

STEREO_AAC = ("mp4a.40.2", "mp4a.40.5", "mp4a.40.29")
HE_AAC = ("mp4a.40.5", "mp4a.40.29")
HE_AAC_CEILING_BPS = 64_000
CELLULAR_CEILING_BPS = 192_000

TOLERANCE = Fraction(1, 10)
"""What a measured rate may differ from the told one (1.26, 1.27)."""

MAX_PEAK = 2
"""Times the average (1.30)."""


def codecs_are_told(stream: Stream) -> Iterator[Finding]:
    for variant in _variants(stream):
        if not variant.attributes.get("CODECS"):
            yield must("9.1", variant.url, "the variant has no CODECS")


def bandwidths_are_told(stream: Stream) -> Iterator[Finding]:
    for variant in _variants(stream):
        if variant.number("BANDWIDTH") is None:
            yield must("9.13", variant.url, "the variant has no BANDWIDTH")
        if variant.number("AVERAGE-BANDWIDTH") is None:
            yield must("9.14", variant.url, "the variant has no AVERAGE-BANDWIDTH")


def bandwidths_are_true(stream: Stream) -> Iterator[Finding]:
    """Compared with what was measured; a variant with audio of its own elsewhere plays the densest of it too."""
    for variant, media in stream.variants():
        measured = _measured(stream, media.url)
        others = [
            _measured(stream, each.url) for each in _members(stream, variant) if each.url not in (None, media.url)
        ]
        if measured is None or None in others:
            continue
        extra = [other for other in others if other is not None]
        peak = measured.peak_bps + max((other.peak_bps for other in extra), default=0)
        average = measured.average_bps + max((other.average_bps for other in extra), default=0)
        yield from _compared("1.27", variant, "BANDWIDTH", peak)
        yield from _compared("1.26", variant, "AVERAGE-BANDWIDTH", average)
        if peak > MAX_PEAK * average:
            yield must("1.30", variant.url, f"its peak of {_kbit(peak)} is over twice its average of {_kbit(average)}")


def renditions_have_a_language(stream: Stream) -> Iterator[Finding]:
    for rendition in _renditions(stream):
        if rendition.attributes.get("TYPE") != "VIDEO" and not rendition.attributes.get("LANGUAGE"):
            name = rendition.attributes.get("NAME", "?")
            yield must("8.10", _url(stream), f'the rendition "{name}" has no LANGUAGE')


def groups_exist(stream: Stream) -> Iterator[Finding]:
    named = {rendition.attributes.get("GROUP-ID") for rendition in _renditions(stream)}
    for variant in _variants(stream):
        group = variant.attributes.get("AUDIO")
        if group is not None and group not in named:
            yield must("RFC 8216 4.3.4.2", variant.url, f'its audio group "{group}" has no EXT-X-MEDIA')


def stereo_aac_is_there(stream: Stream) -> Iterator[Finding]:
    offered = [codec for variant in _variants(stream) for codec in _codecs(variant)]
    if offered and not any(codec in STEREO_AAC for codec in offered):
        yield must("2.3", _url(stream), "no variant is AAC-LC or HE-AAC, which every device plays")


def efficient_aac_is_for_low_rates(stream: Stream) -> Iterator[Finding]:
    for variant in _variants(stream):
        average = variant.number("AVERAGE-BANDWIDTH") or 0
        if any(codec in HE_AAC for codec in _codecs(variant)) and average > HE_AAC_CEILING_BPS:
            yield should("2.4", variant.url, f"HE-AAC at {_kbit(average)}; above 64 kbit/s AAC-LC sounds better")


def one_variant_is_for_cellular(stream: Stream) -> Iterator[Finding]:
    peaks = [variant.number("BANDWIDTH") for variant in _variants(stream)]
    known = [peak for peak in peaks if peak is not None]
    if known and min(known) > CELLULAR_CEILING_BPS:
        yield must("9.21", _url(stream), f"the smallest variant has a peak of {_kbit(min(known))}, over 192 kbit/s")


def scores_are_on_all_or_none(stream: Stream) -> Iterator[Finding]:
    scored = ["SCORE" in variant.attributes for variant in _variants(stream)]
    if any(scored) and not all(scored):
        yield must("9.19", _url(stream), f"{sum(scored)} of {len(scored)} variants have a SCORE")


def steering_names_a_pathway(stream: Stream) -> Iterator[Finding]:
    steering = None if stream.multivariant is None else stream.multivariant.steering
    if steering is not None and not steering.get("PATHWAY-ID"):
        yield should("9.18", _url(stream), "EXT-X-CONTENT-STEERING has no PATHWAY-ID")


def media_are_encrypted_in_transit(stream: Stream) -> Iterator[Finding]:
    """A stream on this very machine is under test, and has no certificate."""
    url = urlsplit(_url(stream))
    if url.scheme == "http" and url.hostname not in ("localhost", "127.0.0.1", "::1"):
        yield must("12.1", _url(stream), "it is not served over TLS")


def _compared(rule: str, variant: Variant, name: str, measured: Fraction) -> Iterator[Finding]:
    told = variant.number(name)
    if told is not None and abs(told - measured) > TOLERANCE * told:
        yield must(rule, variant.url, f"{name} says {_kbit(told)}, measured {_kbit(measured)}")


def _measured(stream: Stream, url: str | None) -> Rates | None:
    if url is None or url not in stream.pieces:
        return None
    return rates(stream.medias[url], stream.pieces[url])


def _members(stream: Stream, variant: Variant) -> list[Rendition]:
    group = variant.attributes.get("AUDIO")
    return [each for each in _renditions(stream) if each.attributes.get("GROUP-ID") == group and each.url is not None]


def _variants(stream: Stream) -> tuple[Variant, ...]:
    return () if stream.multivariant is None else stream.multivariant.variants


def _renditions(stream: Stream) -> tuple[Rendition, ...]:
    return () if stream.multivariant is None else stream.multivariant.renditions


def _codecs(variant: Variant) -> list[str]:
    return [codec.strip() for codec in variant.attributes.get("CODECS", "").split(",")]


def _url(stream: Stream) -> str:
    return stream.multivariant.url if stream.multivariant is not None else next(iter(stream.medias), "")


def _kbit(bps: Fraction | int) -> str:
    return f"{float(bps) / 1000:.1f} kbit/s"


RULES: tuple[Rule, ...] = (
    codecs_are_told,
    bandwidths_are_told,
    bandwidths_are_true,
    renditions_have_a_language,
    groups_exist,
    stereo_aac_is_there,
    efficient_aac_is_for_low_rates,
    one_variant_is_for_cellular,
    scores_are_on_all_or_none,
    steering_names_a_pathway,
    media_are_encrypted_in_transit,
)
