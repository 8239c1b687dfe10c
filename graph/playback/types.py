"""Playback in GraphQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar, cast

import strawberry

from graph import enums, ids
from graph.catalog.types import Track
from graph.context import Info
from graph.payloads import Payload
from graph.playback import delivery, gapless, service
from graph.playback.form import Form, Protection, form_of
from graph.scalars import URL, ByteCount
from origin.asset import Codec, Progressive

enums.publish(
    Codec,
    name="AudioCodec",
    description="A family of codecs.",
    values={
        Codec.AAC: "AAC-LC, which every player has.",
        Codec.OPUS: "Opus, for slow lines.",
        Codec.FLAC: "FLAC: lossless.",
        Codec.MP3: "MP3, of whole files alone.",
        Codec.VORBIS: "Vorbis, of whole files alone.",
    },
)
enums.publish(
    Protection,
    name="Protection",
    description="How media are encrypted on the way; the keys are given to whoever holds the signed URLs.",
    values={
        Protection.NONE: "Not at all.",
        Protection.AES_128: "AES-128 of HLS: whole segments, and the playlist names the key. It has no DASH.",
        Protection.CBCS: "Common Encryption in CBC mode, for Apple's devices and most others.",
        Protection.CENC: "Common Encryption in CTR mode, for all but Apple's devices.",
    },
)


@strawberry.input(description="In what form to play.")
class FormInput:
    codecs: list[Codec] | None = strawberry.field(
        default=None, description="The codecs that may be used, each at most once; without it all of them."
    )
    max_bandwidth_bps: int | None = strawberry.field(
        default=None,
        description=(
            "The highest bandwidth that may be used, in bit/s, compared with the nominal one of a rendition. URLs of a "
            "form that leaves nothing of a track answer 404."
        ),
    )
    protection: Protection = strawberry.field(
        default=Protection.NONE, description="Whether the media are encrypted, and how."
    )

    @property
    def form(self) -> Form:
        """Raises Refused."""
        return form_of(self.codecs, self.max_bandwidth_bps, self.protection)


@strawberry.input(description="What to play.")
class StartPlaybackInput(FormInput):
    track_id: strawberry.ID = strawberry.field(description="The track.")


@strawberry.input(description="Which album to play.")
class StartAlbumPlaybackInput(FormInput):
    album_id: strawberry.ID = strawberry.field(description="The album.")


@strawberry.input(description="Which tracks to play.")
class StartGaplessPlaybackInput(FormInput):
    track_ids: list[strawberry.ID] = strawberry.field(
        description="The tracks in their order, at least 1 and at most 100."
    )


def _url(text: str | None) -> URL | None:
    return None if text is None else URL(text)


@strawberry.type(description="One encoding of a track as a whole file, for downloads and players without a manifest.")
class WholeFile:
    quality: str = strawberry.field(description="Its name in the ladder, such as mp3-320.")
    url: URL = strawberry.field(description="The file, signed; ranges are answered.")
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
            url=URL(playback.url(file.file_name)),
            media_type=file.media_type,
            codec=file.codec_string,
            bandwidth_bps=file.average_bandwidth_bps,
            sample_rate_hz=file.sample_rate_hz,
            channels=file.channels,
            lossless=file.codec is Codec.FLAC,
            size_bytes=ByteCount(file.byte_length),
        )


@strawberry.interface(description="What a player opens by a URL: one started track, or several without a gap.")
class Playable:
    id: strawberry.ID = strawberry.field(description="Names this playback; opaque.")
    hls_url: URL = strawberry.field(description="The HLS multivariant playlist, signed.")
    dash_url: URL | None = strawberry.field(
        description="The DASH manifest, signed; null for AES_128, which DASH does not have."
    )
    expires_at: datetime = strawberry.field(description="Until when all of its URLs work.")


@strawberry.type(description="A started track: open one of the URLs in a player; everything else is relative to it.")
class Playback(Playable):
    type_name: ClassVar[str] = "Playback"
    record: strawberry.Private[delivery.Playback]
    track: Track = strawberry.field(description="What is played.")
    license_url: URL | None = strawberry.field(
        description=(
            "Where a player asks for ClearKey licences, signed; for CBCS and CENC, where keys are Segue's own and not "
            "those of a key server."
        )
    )

    @strawberry.field(
        description=(
            "The track as whole files, signed, one for each rung of the ladder that it was ingested with and the form "
            "allows, in its order; empty when that has none and for protected playback, null with an error when they "
            "cannot be looked up."
        )
    )
    async def files(self, info: Info) -> list[WholeFile] | None:
        found = await service.whole_files(info.context.services.store, self.record)
        return [WholeFile.of(file, self.record) for file in found]

    @classmethod
    async def of(cls, playback: delivery.Playback, info: Info) -> Playback:
        track = await info.context.reader.one(info, Track, playback.track.id, under=("playback", "track"))
        return cls(
            record=playback,
            id=strawberry.ID(ids.encode(cls.type_name, playback.id)),
            track=cast("Track", track),  # there, unless it is deleted in this moment
            hls_url=URL(playback.hls_url),
            dash_url=_url(playback.dash_url),
            license_url=_url(playback.license_url),
            expires_at=datetime.fromtimestamp(playback.expires_at_s, UTC),
        )


@strawberry.type(description="What `startPlayback` answers.")
class StartPlaybackPayload(Payload):
    playback: Playback | None = strawberry.field(default=None, description="Where to fetch it.")


@strawberry.type(description="One track in its place in a stream of several; to show, and to ask for its keys.")
class GaplessTrack:
    track: Track | None = strawberry.field(description="The track; null when it has gone in this moment.")
    track_id: strawberry.ID = strawberry.field(
        description="The track's id.", deprecation_reason="Since November 2026: ask `track { id }`."
    )
    title: str = strawberry.field(
        description="The title as it is shown.", deprecation_reason="Since November 2026: ask `track { title }`."
    )
    starts_at_ms: int = strawberry.field(description="Where it begins in the stream, in milliseconds.")
    duration_ms: int = strawberry.field(description="How long it is, in milliseconds.")
    license_url: URL | None = strawberry.field(description="As of `Playback`: each track has keys of its own.")

    @classmethod
    def of(cls, part: gapless.GaplessTrack, track: Track | None) -> GaplessTrack:
        return cls(
            track=track,
            track_id=strawberry.ID(ids.encode(Track.type_name, part.track.id)),
            title=part.track.title,
            starts_at_ms=part.starts_at_ms,
            duration_ms=part.duration_ms,
            license_url=_url(part.license_url),
        )


@strawberry.type(description="Started tracks behind one manifest: a player changes from one to the next without a gap.")
class GaplessPlayback(Playable):
    type_name: ClassVar[str] = "GaplessPlayback"
    tracks: list[GaplessTrack] = strawberry.field(description="What is played, in its order; at most 100.")

    @classmethod
    async def of(cls, playback: gapless.GaplessPlayback, info: Info) -> GaplessPlayback:
        wanted = [(Track.type_name, part.track.id) for part in playback.tracks]
        tracks = await info.context.reader.several(info, wanted, under=("playback", "tracks", "track"))
        return cls(
            id=strawberry.ID(ids.encode(cls.type_name, playback.id)),
            tracks=[GaplessTrack.of(part, track) for part, track in zip(playback.tracks, tracks, strict=True)],
            hls_url=URL(playback.hls_url),
            dash_url=_url(playback.dash_url),
            expires_at=datetime.fromtimestamp(playback.expires_at_s, UTC),
        )


@strawberry.type(description="What `startAlbumPlayback` answers.")
class StartAlbumPlaybackPayload(Payload):
    playback: GaplessPlayback | None = strawberry.field(default=None, description="Where to fetch it.")


@strawberry.type(description="What `startGaplessPlayback` answers.")
class StartGaplessPlaybackPayload(Payload):
    playback: GaplessPlayback | None = strawberry.field(default=None, description="Where to fetch it.")
