"""Manifests: which text answers for a playlist or an MPD, for whom.

A multivariant playlist and an MPD list what a selection allows. A media playlist is the same for whoever may have its
rendition, so that caches hold one of it: its target duration is that of all renditions.

Not here: the texts (`origin.hls`, `origin.dash`), ETags and lifetimes (`origin.resources`).
"""

from __future__ import annotations

import msgspec

from origin import dash, hls, tags
from origin.errors import Refused
from origin.presentation import Presentation, Track
from origin.routes import DashManifest, Manifest, MasterPlaylist, MediaPlaylist
from origin.selection import Selection, select


def write(presentation: Presentation, file: Manifest, selection: Selection) -> tuple[bytes, str]:
    """The text and its media type.

    Raises NotThere for what is not in the presentation, or when the selection leaves nothing of it, and Refused for the
    playlist of a rendition that the selection does not allow.
    """
    match file:
        case MasterPlaylist():
            return hls.master_playlist(_selected(presentation, selection)), tags.MEDIA_TYPE
        case MediaPlaylist(rendition=name):
            _require(presentation, name, selection)
            return hls.media_playlist(presentation, name), tags.MEDIA_TYPE
        case DashManifest():
            return dash.manifest(_selected(presentation, selection)), dash.MEDIA_TYPE


def _selected(presentation: Presentation, selection: Selection) -> list[Track]:
    return [msgspec.structs.replace(track, asset=select(track.asset, selection)) for track in presentation]


def _require(presentation: Presentation, name: str, selection: Selection) -> None:
    named = (each for track in presentation for each in track.asset.renditions if each.name == name)
    if not all(selection.allows(rendition) for rendition in named):
        raise Refused("terms")
