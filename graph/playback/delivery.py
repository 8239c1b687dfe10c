"""Delivery: the signed URLs of a playback, and how long they work. Pure.

The token opens one asset's directory, so every rendition and segment is reached by URLs relative to the manifest. It
outlives the track by an allowance for pauses: a player does not ask for another one in mid-track.

Not here: what a token is (`edge.token`), what lies behind the URLs (`origin.asset`).
"""

from __future__ import annotations

from uuid import UUID

import msgspec

from config.settings import EdgeKey
from edge import token
from graph.catalog.records import Media, Track
from origin.asset import DASH_MANIFEST, HLS_MANIFEST, asset_directory, file_url

PAUSE_ALLOWANCE_S = 3600
"""How long a listener may pause within one track before the URLs stop working."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """Where media is fetched and how a URL to it is signed; the same for every playback of a process."""

    origin_url: str
    key: EdgeKey
    lifetime_s: int


class Playback(msgspec.Struct, frozen=True, kw_only=True):
    """A started track; `token` opens the files of its revision at the origin."""

    id: UUID
    track: Track
    revision: int
    origin_url: str
    token: str
    expires_at_s: int

    @property
    def hls_url(self) -> str:
        return self.url(HLS_MANIFEST)

    @property
    def dash_url(self) -> str:
        return self.url(DASH_MANIFEST)

    def url(self, file_name: str) -> str:
        return file_url(self.origin_url, self.token, self.track.asset_id, self.revision, file_name)


def opened(track: Track, media: Media, *, playback_id: UUID, delivery: Delivery, now_s: int) -> Playback:
    """The playback of one revision, its URLs signed from `now_s` on."""
    expires_at_s = now_s + lifetime_s(media.duration_ms, delivery.lifetime_s)
    signature = token.mint(
        key_id=delivery.key.key_id,
        secret=bytes.fromhex(delivery.key.secret.reveal()),
        directory=asset_directory(track.asset_id),
        expires_at_s=expires_at_s,
    )
    return Playback(
        id=playback_id,
        track=track,
        revision=media.revision,
        origin_url=delivery.origin_url,
        token=signature,
        expires_at_s=expires_at_s,
    )


def lifetime_s(duration_ms: int, configured_s: int) -> int:
    """How long a track's URLs work: as configured, but never shorter than the track and a pause."""
    return max(configured_s, -(-duration_ms // 1000) + PAUSE_ALLOWANCE_S)
