"""Playback in GraphQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

import strawberry

from graph import ids
from graph.catalog.types import Track
from graph.context import Info
from graph.payloads import Payload
from graph.playback import delivery, service
from graph.uploads.types import ByteCount
from origin.asset import Codec, Progressive


@strawberry.input(description="What to play.")
class StartPlaybackInput:
    track_id: strawberry.ID = strawberry.field(description="The track.")


@strawberry.type(description="One encoding of a track as a whole file, for downloads and players without a manifest.")
class WholeFile:
    quality: str = strawberry.field(description="Its name in the ladder, such as mp3-320.")
    url: str = strawberry.field(description="The file, signed; ranges are answered.")
    media_type: str = strawberry.field(description="Its media type, such as audio/mpeg.")
    codec: str = strawberry.field(description="As the codecs parameter of a media type.")
    bandwidth_bps: int = strawberry.field(description="Its mean bandwidth in bit/s.")
    sample_rate_hz: int = strawberry.field(description="Its sample rate in Hz.")
    channels: int = strawberry.field(description="How many channels it has.")
    lossless: bool = strawberry.field(description="Whether it is the master to the bit.")
    size_bytes: ByteCount = strawberry.field(description="Its size.")

    @classmethod
    def of(cls, file: Progressive, playback: delivery.Playback) -> WholeFile:
        return cls(
            quality=file.name,
            url=playback.url(file.file_name),
            media_type=file.media_type,
            codec=file.codec_string,
            bandwidth_bps=file.average_bandwidth_bps,
            sample_rate_hz=file.sample_rate_hz,
            channels=file.channels,
            lossless=file.codec is Codec.FLAC,
            size_bytes=ByteCount(file.byte_length),
        )


@strawberry.type(description="A started track: open one of the URLs in a player; everything else is relative to it.")
class Playback:
    type_name: ClassVar[str] = "Playback"
    record: strawberry.Private[delivery.Playback]
    id: strawberry.ID = strawberry.field(description="Names this playback; opaque.")
    track: Track = strawberry.field(description="What is played.")
    hls_url: str = strawberry.field(description="The HLS multivariant playlist, signed.")
    dash_url: str = strawberry.field(description="The DASH manifest, signed.")
    expires_at: datetime = strawberry.field(description="Until when all of its URLs work.")

    @strawberry.field(
        description=(
            "The track as whole files, signed, in the order of the ladder it was ingested with; empty when that has "
            "none, null with an error when they cannot be looked up."
        )
    )
    async def files(self, info: Info) -> list[WholeFile] | None:
        found = await service.whole_files(info.context.services.store, self.record)
        return [WholeFile.of(file, self.record) for file in found]

    @classmethod
    def of(cls, playback: delivery.Playback) -> Playback:
        return cls(
            record=playback,
            id=strawberry.ID(ids.encode(cls.type_name, playback.id)),
            track=Track.of(playback.track),
            hls_url=playback.hls_url,
            dash_url=playback.dash_url,
            expires_at=datetime.fromtimestamp(playback.expires_at_s, UTC),
        )


@strawberry.type(description="What `startPlayback` answers.")
class StartPlaybackPayload(Payload):
    playback: Playback | None = strawberry.field(default=None, description="Where to fetch it.")
