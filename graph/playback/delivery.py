"""Delivery: the signed URLs of one track's playback, and how long they work. Pure.

The token opens one asset's directory, so every rendition and segment is reached by URLs relative to the manifest. It
outlives the track by an allowance for pauses: a player does not ask for another one in mid-track.

Not here: what a token is (`edge.token`), what lies behind the URLs (`origin.asset`), several tracks in one manifest
(`graph.playback.gapless`).
"""

from __future__ import annotations

from uuid import UUID

import msgspec

from config.settings import EdgeKey
from edge import token
from graph.catalog.records import Media, Track
from graph.playback.form import Form
from origin.layout import asset_directory, file_url

PAUSE_ALLOWANCE_S = 3600
"""How long a listener may pause within one playback before the URLs stop working."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """Where media is fetched and how a URL to it is signed; the same for every playback of a process."""

    origin_url: str
    key: EdgeKey
    lifetime_s: int

    def signature(self, directory: str, form: Form, *, expires_at_s: int) -> str:
        """The token that opens what `form` allows below `directory`."""
        return token.mint(
            key_id=self.key.key_id,
            secret=bytes.fromhex(self.key.secret.reveal()),
            directory=directory,
            expires_at_s=expires_at_s,
            terms=form.terms,
        )


class Playback(msgspec.Struct, frozen=True, kw_only=True):
    """A started track; `token` opens the files of its revision at the origin, in the form that was asked for."""

    id: UUID
    track: Track
    revision: int
    form: Form
    origin_url: str
    token: str
    expires_at_s: int

    @property
    def hls_url(self) -> str:
        return self.url(self.form.hls_name)

    @property
    def dash_url(self) -> str | None:
        return None if self.form.dash_name is None else self.url(self.form.dash_name)

    @property
    def license_url(self) -> str | None:
        return None if self.form.license_name is None else self.url(self.form.license_name)

    def url(self, file_name: str) -> str:
        return file_url(self.origin_url, self.token, self.track.asset_id, self.revision, file_name)


def opened(
    track: Track, media: Media, *, playback_id: UUID, form: Form, delivery: Delivery, expires_at_s: int
) -> Playback:
    """The playback of one revision, its URLs signed until `expires_at_s`."""
    return Playback(
        id=playback_id,
        track=track,
        revision=media.revision,
        form=form,
        origin_url=delivery.origin_url,
        token=delivery.signature(asset_directory(track.asset_id), form, expires_at_s=expires_at_s),
        expires_at_s=expires_at_s,
    )


def lifetime_s(duration_ms: int, configured_s: int) -> int:
    """How long a playback's URLs work: as configured, but never shorter than what is played and a pause."""
    return max(configured_s, -(-duration_ms // 1000) + PAUSE_ALLOWANCE_S)
