import asyncio
from collections.abc import Callable
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
import pytest
from valkey.asyncio import Valkey

from config.postgres import Pool
from config.settings import EdgeKey, GraphSettings
from edge import token
from edge.errors import TokenRejected
from graph.errors import ProblemCode, Refused
from graph.keys import new_key
from graph.playback import service
from graph.playback.delivery import Delivery
from graph.playback.service import Session
from graph.viewer import Role
from origin.layout import asset_directory
from origin.running_order import Place

NOW_S = 1_800_000_000


@pytest.fixture
def delivery(settings: GraphSettings) -> Delivery:
    return Delivery(origin_url="https://origin.example", key=settings.media.edge_keys[0], lifetime_s=6 * 3600)


def granted(url: str, asset: UUID, *, key: EdgeKey, now_s: int) -> token.Grant:
    _, text, *_ = urlsplit(url).path.split("/")
    secret = bytes.fromhex(key.secret.reveal())
    return token.verify(text, directory=asset_directory(asset), keys={key.key_id: secret}, now_s=now_s)


async def test_listener_gets_signed_urls_of_the_newest_ready_revision(
    pool: Pool, valkey: Valkey, delivery: Delivery, add_user, add_track
) -> None:
    listener = await add_user(Role.LISTENER)
    track = await add_track(await add_user(Role.ARTIST), ready=180_000)
    asset = await pool.fetchval("SELECT asset_id FROM tracks WHERE id = $1", track)
    playback = await service.start(pool, valkey, viewer=listener, track_id=track, delivery=delivery, now_s=NOW_S)
    assert playback.track.id == track
    assert playback.expires_at_s == NOW_S + 6 * 3600
    assert playback.hls_url.endswith(f"/assets/{asset}/1/master.m3u8")
    assert playback.dash_url.endswith(f"/assets/{asset}/1/manifest.mpd")
    for url in (playback.hls_url, playback.dash_url):
        granted(url, asset, key=delivery.key, now_s=playback.expires_at_s - 1)
        with pytest.raises(TokenRejected):
            granted(url, asset, key=delivery.key, now_s=playback.expires_at_s + 1)
        with pytest.raises(TokenRejected):
            granted(url, new_key(), key=delivery.key, now_s=NOW_S)


async def test_session_is_kept_until_the_token_expires(pool, valkey, delivery, add_user, add_track) -> None:
    listener = await add_user(Role.LISTENER)
    track = await add_track(await add_user(Role.ARTIST), ready=1000)
    playback = await service.start(pool, valkey, viewer=listener, track_id=track, delivery=delivery, now_s=NOW_S)
    held = await valkey.get(service.session_key(playback.id))
    assert msgspec.json.decode(held, type=Session) == Session(
        user_id=listener.user_id, order=(Place(playback.track.asset_id, 1),), started_at_s=NOW_S
    )
    assert 6 * 3600 - 5 <= await valkey.ttl(service.session_key(playback.id)) <= 6 * 3600


async def test_without_valkey_playback_starts_all_the_same(
    pool, delivery, add_user, add_track, free_port: Callable[[], int]
) -> None:
    listener = await add_user(Role.LISTENER)
    track = await add_track(await add_user(Role.ARTIST), ready=1000)
    async with Valkey(port=free_port()) as nowhere:
        playback = await service.start(pool, nowhere, viewer=listener, track_id=track, delivery=delivery, now_s=NOW_S)
    assert playback.track.id == track


@pytest.mark.usefixtures("frozen_valkey")
async def test_a_valkey_that_hangs_delays_playback_by_a_blink(pool, valkey, delivery, add_user, add_track) -> None:
    listener = await add_user(Role.LISTENER)
    track = await add_track(await add_user(Role.ARTIST), ready=1000)
    async with asyncio.timeout(60):
        playback = await service.start(pool, valkey, viewer=listener, track_id=track, delivery=delivery, now_s=NOW_S)
    assert playback.track.id == track


async def test_starting_is_one_statement(pool, valkey, delivery, add_user, add_track) -> None:
    class Counting:
        statements = 0

        async def fetchrow(self, *arguments: object) -> object:
            self.statements += 1
            return await pool.fetchrow(*arguments)

    counting = Counting()  # has no other method: any other way to the database would fail
    listener = await add_user(Role.LISTENER)
    track = await add_track(await add_user(Role.ARTIST), ready=1000)
    await service.start(counting, valkey, viewer=listener, track_id=track, delivery=delivery, now_s=NOW_S)
    assert counting.statements == 1


async def test_what_is_not_ready_cannot_be_played(pool, valkey, delivery, add_user, add_track) -> None:
    artist = await add_user(Role.ARTIST)
    track = await add_track(artist)
    for viewer, wanted in ((artist, track), (await add_user(Role.LISTENER), track), (artist, new_key())):
        with pytest.raises(Refused) as refusal:
            await service.start(pool, valkey, viewer=viewer, track_id=wanted, delivery=delivery, now_s=NOW_S)
        assert [problem.code for problem in refusal.value.problems] == [ProblemCode.NOT_PLAYABLE]
