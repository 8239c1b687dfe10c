"""Playback in GraphQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

import strawberry

from graph import ids
from graph.catalog.types import Track
from graph.payloads import Payload
from graph.playback import delivery


@strawberry.input(description="What to play.")
class StartPlaybackInput:
    track_id: strawberry.ID = strawberry.field(description="The track.")


@strawberry.type(description="A started track: open one of the URLs in a player; everything else is relative to it.")
class Playback:
    type_name: ClassVar[str] = "Playback"
    id: strawberry.ID = strawberry.field(description="Names this playback; opaque.")
    track: Track = strawberry.field(description="What is played.")
    hls_url: str = strawberry.field(description="The HLS multivariant playlist, signed.")
    dash_url: str = strawberry.field(description="The DASH manifest, signed.")
    expires_at: datetime = strawberry.field(description="Until when both work.")

    @classmethod
    def of(cls, playback: delivery.Playback) -> Playback:
        return cls(
            id=strawberry.ID(ids.encode(cls.type_name, playback.id)),
            track=Track.of(playback.track),
            hls_url=playback.hls_url,
            dash_url=playback.dash_url,
            expires_at=datetime.fromtimestamp(playback.expires_at_s, UTC),
        )


@strawberry.type(description="The answer of startPlayback.")
class StartPlaybackPayload(Payload):
    playback: Playback | None = strawberry.field(default=None, description="Where to fetch it.")
