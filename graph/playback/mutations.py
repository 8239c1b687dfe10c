"""The playback's fields of Mutation."""

from __future__ import annotations

import time
from typing import Annotated

import strawberry

from graph import ids
from graph.catalog.types import Album, Track
from graph.context import Info, Services
from graph.payloads import INPUT, UserErrors
from graph.playback import order as orders
from graph.playback import service
from graph.playback.delivery import Delivery
from graph.playback.gapless import Playable
from graph.playback.rights import Listener
from graph.playback.types import (
    FormInput,
    GaplessPlayback,
    Playback,
    StartAlbumPlaybackInput,
    StartAlbumPlaybackPayload,
    StartGaplessPlaybackInput,
    StartGaplessPlaybackPayload,
    StartPlaybackInput,
    StartPlaybackPayload,
)


@strawberry.type
class PlaybackMutation:
    """Merged into Mutation by `graph.schema`."""

    @strawberry.mutation(
        description="Get signed URLs of a track's manifests; for everybody who is signed in.",
        extensions=[UserErrors(StartPlaybackPayload)],
    )
    async def start_playback(
        self,
        info: Info,
        given: Annotated[StartPlaybackInput, INPUT],
    ) -> StartPlaybackPayload | None:
        viewer = info.context.require_viewer()
        services = info.context.services
        playback = await service.start(
            services.pool,
            services.valkey,
            viewer=viewer,
            track_id=ids.require(Track.type_name, given.track_id, field="trackId"),
            form=given.form,
            delivery=_delivery(services),
            now_s=int(time.time()),
            market=info.context.market,
        )
        return StartPlaybackPayload(playback=await Playback.of(playback, info))

    @strawberry.mutation(
        description=(
            "Get signed URLs that play an album as one stream without a gap, in the order of discs and numbers; for "
            "everybody who is signed in. At most 100 tracks."
        ),
        extensions=[UserErrors(StartAlbumPlaybackPayload)],
    )
    async def start_album_playback(
        self,
        info: Info,
        given: Annotated[StartAlbumPlaybackInput, INPUT],
    ) -> StartAlbumPlaybackPayload | None:
        listener, services = _listener(info), info.context.services
        album_id = ids.require(Album.type_name, given.album_id, field="albumId")
        order = await orders.of_album(services.pool, services.valkey, listener=listener, album_id=album_id)
        return StartAlbumPlaybackPayload(playback=await _gapless(info, order, given))

    @strawberry.mutation(
        description=(
            "Get signed URLs that play tracks, such as a playlist's or a queue's, as one stream without a gap, in the "
            "order given; for everybody who is signed in. At most 100 tracks; one may stand in it twice."
        ),
        extensions=[UserErrors(StartGaplessPlaybackPayload)],
    )
    async def start_gapless_playback(
        self,
        info: Info,
        given: Annotated[StartGaplessPlaybackInput, INPUT],
    ) -> StartGaplessPlaybackPayload | None:
        listener, services = _listener(info), info.context.services
        track_ids = [ids.find(Track.type_name, text) for text in given.track_ids]
        order = await orders.of_tracks(services.pool, services.valkey, listener=listener, track_ids=track_ids)
        return StartGaplessPlaybackPayload(playback=await _gapless(info, order, given))


async def _gapless(info: Info, order: list[Playable], given: FormInput) -> GaplessPlayback:
    services = info.context.services
    playback = await service.start_gapless(
        services.valkey,
        order,
        viewer=info.context.require_viewer(),
        form=given.form,
        delivery=_delivery(services),
        now_s=int(time.time()),
    )
    return await GaplessPlayback.of(playback, info)


def _listener(info: Info) -> Listener:
    return Listener(viewer=info.context.require_viewer(), market=info.context.market, now_s=int(time.time()))


def _delivery(services: Services) -> Delivery:
    media = services.settings.media
    return Delivery(origin_url=media.origin_url, key=media.edge_keys[0], lifetime_s=media.playback_lifetime_s)
