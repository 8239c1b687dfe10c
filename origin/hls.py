"""HLS playlists of a presentation: one multivariant playlist, one media playlist for each variant (RFC 8216).

Rules, by the numbers of Apple's HLS authoring specification (revision of 2025-05-08):

- CODECS on every variant (9.1), BANDWIDTH and AVERAGE-BANDWIDTH from what the playlist lists (9.13, 9.14).
- One audio group a codec and layout, which its variants name; they carry the sound themselves, so the group has no URI
  and says the layout alone, with a LANGUAGE (8.9, 8.10): docs/decisions/0066-audio-groups.md.
- Fragmented MP4 with its header in EXT-X-MAP (8.20); one target duration in all playlists (8.2); EXTINF exact (8.1).
- A finished track is PLAYLIST-TYPE VOD (8.6) and ends. All audio frames are independent: EXT-X-INDEPENDENT-SEGMENTS.
- Between two tracks stands EXT-X-DISCONTINUITY, at the same place in every variant (8.13, 8.15), and the next header.
- Key tags stand behind EXT-X-MAP, because headers are clear; so METHOD=NONE stands before the header of a later track.
- Every URI is relative, so the token in the path goes along and no playlist differs from listener to listener.

Not here: how a line is spelled (`origin.tags`), how long a segment is (`origin.timeline`), which keys there are
(`origin.protection.signalling`).
"""

from __future__ import annotations

from collections.abc import Iterator

from origin import figures
from origin.asset import Rendition
from origin.ladder import Group, Variant, common, groups
from origin.presentation import Presentation, Track
from origin.tags import YES, Enumerated, Quoted, Value, attribute_tag, extinf, playlist, sayable, tag
from origin.timeline import segment_microseconds, target_duration_s

VERSION = 6
"""The first that allows EXT-X-MAP in a playlist of ordinary segments (RFC 8216 section 7)."""

TITLE = "com.apple.hls.title"
"""The name that Apple's players and Cast receivers show."""

NAMES = {1: "Mono", 2: "Stereo", 6: "5.1", 8: "7.1"}
"""Of layouts, for a menu."""


def master_playlist(presentation: Presentation) -> bytes:
    """Write the multivariant playlist. Raises NotThere when the tracks have nothing in common."""
    offered = groups([track.asset for track in presentation])
    return playlist(
        (
            tag("EXT-X-VERSION", VERSION),
            tag("EXT-X-INDEPENDENT-SEGMENTS"),
            *_session_data(presentation, offered),
            *_session_keys(presentation),
            *(_group(group) for group in offered),
            *(line for group in offered for each in group.variants for line in _variant(each, group)),
        )
    )


def media_playlist(presentation: Presentation, name: str) -> bytes:
    """Write the playlist of the rendition `name`: headers and the segments that are heard. Raises NotThere."""
    return playlist(
        (
            tag("EXT-X-VERSION", VERSION),
            tag("EXT-X-TARGETDURATION", max(target_duration_s(track.asset) for track in presentation)),
            tag("EXT-X-MEDIA-SEQUENCE", 0),
            tag("EXT-X-PLAYLIST-TYPE", "VOD"),
            tag("EXT-X-INDEPENDENT-SEGMENTS"),
            *_tracks(presentation, name),
            tag("EXT-X-ENDLIST"),
        )
    )


def _session_data(presentation: Presentation, offered: tuple[Group, ...]) -> Iterator[str]:
    """The title and the figures of each rendition; of several tracks, with the number of the track in the name."""
    alone = len(presentation) == 1
    for number, track in enumerate(presentation):
        place = "" if alone else f".{number}"
        yield _data(TITLE if alone else f"segue.title{place}", track.asset.title)
        for each in (each for group in offered for each in group.variants):
            rendition = each.renditions[number]
            yield _data(f"segue.gapless{place}.{rendition.name}", figures.gapless(rendition))
            yield _data(f"segue.loudness{place}.{rendition.name}", figures.loudness(rendition))


def _data(data_id: str, value: str) -> str:
    return attribute_tag("EXT-X-SESSION-DATA", {"DATA-ID": Quoted(data_id), "VALUE": sayable(value)})


def _session_keys(presentation: Presentation) -> Iterator[str]:
    for track in presentation:
        if track.signalling is not None:
            yield from (key.session_line(track.base) for key in track.signalling.session_tags)


def _group(group: Group) -> str:
    attributes: dict[str, Value] = {
        "TYPE": Enumerated("AUDIO"),
        "GROUP-ID": Quoted(group.name),
        "NAME": Quoted(NAMES.get(group.channels, f"{group.channels} channels")),
        "LANGUAGE": Quoted("und"),
        "DEFAULT": YES,
        "AUTOSELECT": YES,
        "CHANNELS": Quoted(str(group.channels)),
        "STABLE-RENDITION-ID": Quoted(group.name),
    }
    return attribute_tag("EXT-X-MEDIA", attributes)


def _variant(offered: Variant, group: Group) -> tuple[str, str]:
    attributes: dict[str, Value] = {
        "BANDWIDTH": offered.peak_bandwidth_bps,
        "AVERAGE-BANDWIDTH": offered.average_bandwidth_bps,
        "CODECS": Quoted(offered.codec_string),
        "AUDIO": Quoted(group.name),
        "STABLE-VARIANT-ID": Quoted(offered.name),
    }
    return attribute_tag("EXT-X-STREAM-INF", attributes), f"{offered.name}.m3u8"


def _tracks(presentation: Presentation, name: str) -> Iterator[str]:
    encrypted = False
    renditions = common([track.asset for track in presentation], name)
    for number, (track, rendition) in enumerate(zip(presentation, renditions, strict=True)):
        if number:
            yield tag("EXT-X-DISCONTINUITY")
        if encrypted:
            yield attribute_tag("EXT-X-KEY", {"METHOD": Enumerated("NONE")})
        yield from _segments(track, rendition)
        encrypted = track.signalling is not None


def _segments(track: Track, rendition: Rendition) -> Iterator[str]:
    folder = f"{track.base}{rendition.name}/"
    yield attribute_tag("EXT-X-MAP", {"URI": Quoted(f"{folder}header.mp4")})
    for index, length in enumerate(segment_microseconds(rendition)):
        if track.signalling is not None:
            yield from (key.line(track.base) for key in track.signalling.key_tags_before(index))
        yield extinf(length)
        yield f"{folder}{index}.m4s"
