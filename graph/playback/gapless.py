"""Gapless playback: several tracks behind one manifest, as one stream without a gap. Pure.

The order of the tracks stands in the URL and under the token's MAC, so nothing is stored and any origin answers
(decision 0068). The origin hands on a token for each track by itself; those made here are for licences, which no
manifest names.

Not here: how an order is spelled (`origin.running_order`), which tracks may be played (`graph.playback.service`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple
from uuid import UUID

import msgspec

from graph.catalog.records import Media, Track
from graph.playback.delivery import Delivery
from graph.playback.form import Form
from origin.layout import asset_directory, file_url
from origin.running_order import Place, directory


class Playable(NamedTuple):
    """A track, its newest media, which it has, and until when it is licensed to whoever plays it."""

    track: Track
    media: Media
    licensed_until_s: int

    @property
    def place(self) -> Place:
        return Place(self.track.asset_id, self.media.revision)


class GaplessTrack(msgspec.Struct, frozen=True, kw_only=True):
    """One track in its place in the stream."""

    track: Track
    starts_at_ms: int
    duration_ms: int
    license_url: str | None


class GaplessPlayback(msgspec.Struct, frozen=True, kw_only=True):
    """Started tracks, in the order of playing."""

    id: UUID
    tracks: tuple[GaplessTrack, ...]
    hls_url: str
    dash_url: str | None
    expires_at_s: int


def opened(
    order: Sequence[Playable], *, playback_id: UUID, form: Form, delivery: Delivery, expires_at_s: int
) -> GaplessPlayback:
    """The playback of an order of 1 to 100 tracks, its URLs signed until `expires_at_s`."""
    scope = directory([playable.place for playable in order])
    signature = delivery.signature(scope, form, expires_at_s=expires_at_s)
    base = f"{delivery.origin_url}/{signature}/{scope}"
    starts_ms = accumulate((playable.media.duration_ms for playable in order), initial=0)
    return GaplessPlayback(
        id=playback_id,
        tracks=tuple(
            GaplessTrack(
                track=playable.track,
                starts_at_ms=starts_at_ms,
                duration_ms=playable.media.duration_ms,
                license_url=_license_url(playable, form=form, delivery=delivery, expires_at_s=expires_at_s),
            )
            for playable, starts_at_ms in zip(order, starts_ms, strict=False)  # the last start is the end of all
        ),
        hls_url=f"{base}{form.hls_name}",
        dash_url=None if form.dash_name is None else f"{base}{form.dash_name}",
        expires_at_s=expires_at_s,
    )


def _license_url(playable: Playable, *, form: Form, delivery: Delivery, expires_at_s: int) -> str | None:
    """That of the track alone: a licence is for one asset."""
    if form.license_name is None:
        return None
    signature = delivery.signature(asset_directory(playable.track.asset_id), form, expires_at_s=expires_at_s)
    return file_url(delivery.origin_url, signature, *playable.place, form.license_name)
