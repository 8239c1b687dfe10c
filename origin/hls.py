"""HLS playlists of an asset: one multivariant playlist, one media playlist for each rendition (RFC 8216).

Rules, by the numbers of Apple's HLS authoring specification (revision of 2025-05-08):

- CODECS on every variant (9.1), BANDWIDTH of the densest segment and AVERAGE-BANDWIDTH, both measured (9.13, 9.14).
- Fragmented MP4 with its header in EXT-X-MAP (8.20); one target duration in all playlists (8.2); EXTINF exact (8.1).
- A finished track is PLAYLIST-TYPE VOD (8.6) and ends. All audio frames are independent: EXT-X-INDEPENDENT-SEGMENTS.
- Every URI is relative, so the token in the path goes along and no playlist differs from listener to listener.
- Each rendition is a plain variant with its own playlist. An audio group (EXT-X-MEDIA) has nothing to
  say as long as there is one language and one layout: docs/decisions/0013-plain-variants.md.

Not here: how a line is spelled (`origin.tags`), how long a segment is (`origin.timeline`).
"""

from __future__ import annotations

from itertools import chain

from origin.asset import Asset, Rendition
from origin.ladder import by_codec
from origin.tags import Quoted, Value, attribute_tag, extinf, playlist, tag
from origin.timeline import segment_microseconds, target_duration_s

VERSION = 6
"""The first that allows EXT-X-MAP in a playlist of ordinary segments (RFC 8216 section 7)."""


def master_playlist(asset: Asset) -> bytes:
    """Write the multivariant playlist."""
    variants = chain.from_iterable(by_codec(asset))
    return playlist(
        (
            tag("EXT-X-VERSION", VERSION),
            tag("EXT-X-INDEPENDENT-SEGMENTS"),
            *(line for rendition in variants for line in _variant(rendition)),
        )
    )


def media_playlist(asset: Asset, rendition: Rendition) -> bytes:
    """Write the playlist of one rendition of the asset: its header and the segments that are heard."""
    segments = enumerate(segment_microseconds(rendition))
    return playlist(
        (
            tag("EXT-X-VERSION", VERSION),
            tag("EXT-X-TARGETDURATION", target_duration_s(asset)),
            tag("EXT-X-MEDIA-SEQUENCE", 0),
            tag("EXT-X-PLAYLIST-TYPE", "VOD"),
            tag("EXT-X-INDEPENDENT-SEGMENTS"),
            attribute_tag("EXT-X-MAP", {"URI": Quoted(f"{rendition.name}/header.mp4")}),
            *(line for index, length in segments for line in (extinf(length), f"{rendition.name}/{index}.m4s")),
            tag("EXT-X-ENDLIST"),
        )
    )


def _variant(rendition: Rendition) -> tuple[str, str]:
    attributes: dict[str, Value] = {
        "BANDWIDTH": rendition.peak_bandwidth_bps,
        "AVERAGE-BANDWIDTH": rendition.average_bandwidth_bps,
        "CODECS": Quoted(rendition.codec_string),
        "STABLE-VARIANT-ID": Quoted(rendition.name),
    }
    return attribute_tag("EXT-X-STREAM-INF", attributes), f"{rendition.name}.m3u8"
