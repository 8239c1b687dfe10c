"""The DASH manifest of a presentation (ISO/IEC 23009-1, profile isoff-live): static, a period a track, sample-exact.

Rules:

- One AdaptationSet a codec and layout, because a player changes between the Representations of one set without a new
  decoder. They are preferred in the order of `origin.ladder`: a player that takes the highest bit rate of all sets
  would start with lossless.
- SegmentTimeline in ticks of the sample rate, segments addressed by number from 0. Runs of equal durations fold into
  one `S`. The timeline is the one after the edit list: docs/decisions/0012-dash-timeline.md.
- `bandwidth` is the peak that HLS tells and `minBufferTime` the longest segment's length: what arrives at that rate
  for that long never runs dry (section 5.3.5.2).
- Several tracks are several periods with the same sets and Representations under the same ids, each with a BaseURL.
- Every URL is relative, as in HLS.
- The schema has no element for loudness or padding, so both are SupplementalProperty descriptors (section 5.8.4.9),
  which a player that does not know them skips.

Not here: how long a segment is (`origin.timeline`), which keys there are (`origin.protection.signalling`).
"""

from __future__ import annotations

from itertools import groupby, pairwise
from xml.etree import ElementTree as ET

from origin import figures
from origin.asset import Rendition
from origin.errors import NotThere
from origin.ladder import Group, Variant, groups
from origin.presentation import Presentation, Track
from origin.protection.signalling import ContentProtection
from origin.timeline import MICROSECOND, heard_ticks, longest_microseconds, start_microseconds

MEDIA_TYPE = "application/dash+xml"
NAMESPACE = "urn:mpeg:dash:schema:mpd:2011"
PROFILE = "urn:mpeg:dash:profile:isoff-live:2011"
CHANNEL_SCHEME = "urn:mpeg:mpegB:cicp:ChannelConfiguration"
CENC_NAMESPACE = "urn:mpeg:cenc:2013"

# Some players look for these prefixes and not for the namespaces that they stand for.
ET.register_namespace("cenc", CENC_NAMESPACE)
ET.register_namespace("mspr", "urn:microsoft:playready")

CHANNEL_CONFIGURATION = {1: 1, 2: 2, 3: 3, 4: 10, 5: 5, 6: 6, 7: 11, 8: 12}
"""ISO/IEC 23091-3 numbers of the layouts that FLAC gives each channel count (RFC 9639 section 9.1.3): quad, 6.1 and 7.1
are the ones whose number is not the count."""

CODEC_SPELLING = {"fLaC": "flac", "Opus": "opus"}
"""Players hand `codecs` to the browser as it stands, and some Chromes accept `fLaC` and then fail (crbug 1422728); of
Opus, browsers document the lower case. hls.js maps the spelling itself, so HLS keeps the sample entry's name (decision
0013)."""


def manifest(presentation: Presentation) -> bytes:
    """Write the MPD. Raises NotThere when the tracks have nothing in common, or a protection that DASH has not."""
    assets = [track.asset for track in presentation]
    starts, offered = start_microseconds(assets), groups(assets)
    root = ET.Element(
        "MPD",
        {
            "xmlns": NAMESPACE,
            "profiles": PROFILE,
            "type": "static",
            "mediaPresentationDuration": _duration(starts[-1]),
            "minBufferTime": _duration(max(longest_microseconds(asset) for asset in assets)),
        },
    )
    if len(presentation) == 1:
        ET.SubElement(ET.SubElement(root, "ProgramInformation"), "Title").text = assets[0].title
    for number, (track, (start, end)) in enumerate(zip(presentation, pairwise(starts), strict=True)):
        attributes = {"id": str(number), "start": _duration(start), "duration": _duration(end - start)}
        _period(ET.SubElement(root, "Period", attributes), track, offered, number=number)
    ET.indent(root)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root) + b"\n"


def _period(period: ET.Element, track: Track, offered: tuple[Group, ...], *, number: int) -> None:
    if track.base:
        ET.SubElement(period, "BaseURL").text = track.base
    for place, group in enumerate(offered):
        element = ET.SubElement(
            period,
            "AdaptationSet",
            {
                "id": str(place),
                "contentType": "audio",
                "mimeType": "audio/mp4",
                "segmentAlignment": "true",
                "startWithSAP": "1",
                "selectionPriority": str(len(offered) - place),
            },
        )
        _protection(element, track)
        for variant in group.variants:
            _representation(element, variant, variant.renditions[number])


def _protection(parent: ET.Element, track: Track) -> None:
    if track.signalling is None:
        return
    if not track.signalling.content_protections:
        raise NotThere(f"DASH has no {track.signalling.scheme.value}")
    for protection in track.signalling.content_protections:
        element = ET.SubElement(parent, "ContentProtection", _protection_attributes(protection))
        for child in protection.children:
            ET.SubElement(element, child.name, child.attributes).text = child.text


def _protection_attributes(protection: ContentProtection) -> dict[str, str]:
    attributes = {"schemeIdUri": protection.scheme_id_uri}
    if protection.value is not None:
        attributes["value"] = protection.value
    if protection.default_kid is not None:
        attributes[f"{{{CENC_NAMESPACE}}}default_KID"] = str(protection.default_kid)
    return attributes


def _representation(parent: ET.Element, variant: Variant, rendition: Rendition) -> None:
    element = ET.SubElement(
        parent,
        "Representation",
        {
            "id": variant.name,
            "bandwidth": str(variant.peak_bandwidth_bps),
            "codecs": CODEC_SPELLING.get(variant.codec_string, variant.codec_string),
            "audioSamplingRate": str(rendition.sample_rate_hz),
        },
    )
    configuration = str(CHANNEL_CONFIGURATION[variant.channels])
    _descriptor(element, "AudioChannelConfiguration", CHANNEL_SCHEME, configuration)
    _descriptor(element, "SupplementalProperty", figures.GAPLESS_URN, figures.gapless(rendition))
    _descriptor(element, "SupplementalProperty", figures.LOUDNESS_URN, figures.loudness(rendition))
    _segment_template(element, rendition)


def _descriptor(parent: ET.Element, name: str, scheme: str, value: str) -> None:
    ET.SubElement(parent, name, {"schemeIdUri": scheme, "value": value})


def _segment_template(parent: ET.Element, rendition: Rendition) -> None:
    template = ET.SubElement(
        parent,
        "SegmentTemplate",
        {
            "timescale": str(rendition.timescale),
            "initialization": "$RepresentationID$/header.mp4",
            "media": "$RepresentationID$/$Number$.m4s",
            "startNumber": "0",
        },
    )
    timeline = ET.SubElement(template, "SegmentTimeline")
    for index, (ticks, run) in enumerate(groupby(heard_ticks(rendition))):
        repeats = sum(1 for _ in run) - 1
        entry = ET.SubElement(timeline, "S", {"t": "0"} if index == 0 else {})
        entry.set("d", str(ticks))
        if repeats:
            entry.set("r", str(repeats))


def _duration(microseconds: int) -> str:
    seconds, fraction = divmod(microseconds, MICROSECOND)
    return f"PT{seconds}.{fraction:06d}S"
