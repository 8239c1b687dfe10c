"""Licences at playback: what may be started, and how long its URLs work."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from graph.errors import ProblemCode, Refused
from graph.licences import service as licences
from graph.licences.rules import Grant
from graph.playback import order, service
from graph.playback.delivery import PAUSE_ALLOWANCE_S, Delivery
from graph.playback.form import EVERYTHING
from graph.playback.rights import Listener
from graph.viewer import Role, Viewer

NOW_S = 1_800_000_000
LIFETIME_S = 6 * 3600
TRACK_S = 180


@pytest.fixture
def delivery(settings: Any) -> Delivery:
    return Delivery(origin_url="https://origin.example", key=settings.media.edge_keys[0], lifetime_s=LIFETIME_S)


@pytest.fixture
async def owner(add_user: Any) -> Viewer:
    viewer: Viewer = await add_user(Role.ARTIST)
    return viewer


@pytest.fixture
async def licensed(pool: Any, valkey: Any, owner: Viewer, add_track: Any) -> Any:
    """Add a track that may be heard in Sweden until so many seconds from now."""

    async def add(ends_in_s: int | None) -> UUID:
        track: UUID = await add_track(owner, ready=TRACK_S * 1000)
        ends_at = None if ends_in_s is None else datetime.fromtimestamp(NOW_S + ends_in_s, UTC)
        grants = [Grant(markets=("SE",), ends_at=ends_at)]
        await licences.set_licences(pool, valkey, owner, track_id=track, grants=grants)
        return track

    return add


@pytest.mark.parametrize(
    ("ends_in_s", "lives_s"),
    [
        pytest.param(None, LIFETIME_S, id="for ever: as configured"),
        pytest.param(2 * 3600, 2 * 3600, id="for two hours: as long as the licence"),
        pytest.param(5, TRACK_S + PAUSE_ALLOWANCE_S, id="for five seconds: to the end of the track"),
    ],
)
async def test_urls_live_no_longer_than_the_licence_but_as_long_as_the_track(
    pool, valkey, delivery, add_user, licensed, *, ends_in_s: int | None, lives_s: int
) -> None:
    track, viewer = await licensed(ends_in_s), await add_user(Role.LISTENER)
    for _ in range(2):  # asked, and remembered
        playback = await service.start(
            pool, valkey, viewer=viewer, track_id=track, delivery=delivery, now_s=NOW_S, market="SE"
        )
        assert playback.expires_at_s - NOW_S == lives_s


async def test_licence_that_is_over_is_named_and_its_owner_plays_on(
    pool, valkey, delivery, add_user, *, owner, licensed
) -> None:
    track, viewer = await licensed(5), await add_user(Role.LISTENER)
    asked = {"track_id": track, "delivery": delivery, "market": "SE"}
    await service.start(pool, valkey, viewer=viewer, now_s=NOW_S + 4, **asked)
    with pytest.raises(Refused) as refusal:
        await service.start(pool, valkey, viewer=viewer, now_s=NOW_S + 5, **asked)
    assert [one.code for one in refusal.value.problems] == [ProblemCode.NOT_LICENSED]
    playback = await service.start(pool, valkey, viewer=owner, now_s=NOW_S + 5, **asked)
    assert playback.expires_at_s == NOW_S + 5 + LIFETIME_S


async def test_gapless_playback_lives_as_long_as_the_first_licence_to_end(
    pool, valkey, delivery, add_user, licensed
) -> None:
    tracks = [await licensed(3 * 3600), await licensed(2 * 3600), await licensed(None)]
    listener = Listener(viewer=await add_user(Role.LISTENER), market="SE", now_s=NOW_S)
    wanted = await order.of_tracks(pool, valkey, listener=listener, track_ids=tracks)
    playback = await service.start_gapless(
        valkey, wanted, viewer=listener.viewer, form=EVERYTHING, delivery=delivery, now_s=NOW_S
    )
    assert playback.expires_at_s == NOW_S + 2 * 3600


async def test_album_plays_without_what_is_not_licensed(pool, valkey, add_user, owner, licensed) -> None:
    tracks = [await licensed(None), await licensed(10)]
    album = await _on_one_album(pool, tracks)
    viewer = await add_user(Role.LISTENER)
    for now_s, expected in ((NOW_S, tracks), (NOW_S + 10, tracks[:1])):
        listener = Listener(viewer=viewer, market="SE", now_s=now_s)
        found = await order.of_album(pool, valkey, listener=listener, album_id=album)
        assert [one.track.id for one in found] == expected
    with pytest.raises(Refused, match="nothing to play"):
        await order.of_album(pool, valkey, listener=Listener(viewer=viewer, now_s=NOW_S), album_id=album)
    own = await order.of_album(pool, valkey, listener=Listener(viewer=owner, now_s=NOW_S), album_id=album)
    assert len(own) == 2


async def _on_one_album(pool: Any, tracks: list[UUID]) -> UUID:
    album: UUID = await pool.fetchval(
        "INSERT INTO albums (id, artist_id, title, search_text)"
        " SELECT gen_random_uuid(), artist_id, 'Rivers', 'rivers' FROM tracks WHERE id = $1 RETURNING id",
        tracks[0],
    )
    for number, track in enumerate(tracks, 1):
        await pool.execute("UPDATE tracks SET album_id = $2, track_number = $3 WHERE id = $1", track, album, number)
    return album
