"""The DASH manifest of an asset (ISO/IEC 23009-1, profile isoff-live): static, one period, exact to the sample.

Rules:

- One AdaptationSet a codec, because a player changes between the Representations of one set without a new decoder.
  They are preferred in the order of `origin.ladder`: a player that takes the highest bit rate of all sets would start
  with lossless.
- SegmentTimeline in ticks of the sample rate, segments addressed by number from 0. Runs of equal durations fold into
  one `S`. The timeline is the one after the edit list: docs/decisions/0012-dash-timeline.md.
- `bandwidth` is the densest segment's and `minBufferTime` the longest segment's length: what arrives at that rate for
  that long never runs dry (section 5.3.5.2).
- Every URL is relative, as in HLS.

Not here: how long a segment is (`origin.timeline`).
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from xml.etree import ElementTree as ET

from origin.asset import Asset, Rendition
from origin.ladder import by_codec
from origin.timeline import MICROSECOND, heard_ticks, longest_microseconds, presentation_microseconds

MEDIA_TYPE = "application/dash+xml"
NAMESPACE = "urn:mpeg:dash:schema:mpd:2011"
PROFILE = "urn:mpeg:dash:profile:isoff-live:2011"
CHANNEL_SCHEME = "urn:mpeg:mpegB:cicp:ChannelConfiguration"

CHANNEL_CONFIGURATION = {1: 1, 2: 2, 3: 3, 4: 10, 5: 5, 6: 6, 7: 11, 8: 12}
"""ISO/IEC 23091-3 numbers of the layouts that FLAC gives each channel count (RFC 9639 section 9.1.3): quad, 6.1 and 7.1
are the ones whose number is not the count."""

CODEC_SPELLING = {"fLaC": "flac", "Opus": "opus"}
"""Players hand `codecs` to the browser as it stands, and some Chromes accept `fLaC` and then fail (crbug 1422728); of
Opus, browsers document the lower case. hls.js maps the spelling itself, so HLS keeps the sample entry's name (decision
0013)."""


def manifest(asset: Asset) -> bytes:
    """Write the MPD."""
    root = ET.Element(
        "MPD",
        {
            "xmlns": NAMESPACE,
            "profiles": PROFILE,
            "type": "static",
            "mediaPresentationDuration": _duration(presentation_microseconds(asset)),
            "minBufferTime": _duration(longest_microseconds(asset)),
        },
    )
    period = ET.SubElement(root, "Period", {"id": "0", "start": "PT0S"})
    sets = by_codec(asset)
    for number, renditions in enumerate(sets):
        _adaptation_set(period, renditions, number=number, priority=len(sets) - number)
    ET.indent(root)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root) + b"\n"


def _adaptation_set(period: ET.Element, renditions: Iterable[Rendition], *, number: int, priority: int) -> None:
    element = ET.SubElement(
        period,
        "AdaptationSet",
        {
            "id": str(number),
            "contentType": "audio",
            "mimeType": "audio/mp4",
            "segmentAlignment": "true",
            "startWithSAP": "1",
            "selectionPriority": str(priority),
        },
    )
    for rendition in renditions:
        _representation(element, rendition)


def _representation(parent: ET.Element, rendition: Rendition) -> None:
    element = ET.SubElement(
        parent,
        "Representation",
        {
            "id": rendition.name,
            "bandwidth": str(rendition.peak_bandwidth_bps),
            "codecs": CODEC_SPELLING.get(rendition.codec_string, rendition.codec_string),
            "audioSamplingRate": str(rendition.sample_rate_hz),
        },
    )
    configuration = str(CHANNEL_CONFIGURATION[rendition.channels])
    ET.SubElement(element, "AudioChannelConfiguration", {"schemeIdUri": CHANNEL_SCHEME, "value": configuration})
    _segment_template(element, rendition)


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
