"""Permissions that are remembered: for a short while, never longer than a licence runs, and never a refusal."""

from datetime import UTC, datetime

import pytest
from valkey.asyncio import Valkey

from graph.licences import answers, service
from graph.licences.answers import ENDLESS_S, KEPT_S, permissions
from graph.licences.rules import Grant, Licence
from graph.supply.rules import SuppliedTrack
from graph.supply.service import upsert_tracks
from graph.viewer import Role

NOW_S = 1_800_000_000


def at(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


class Counted:
    """A pool that counts what it is asked."""

    def __init__(self, pool) -> None:
        self._pool = pool
        self.asked = 0

    async def fetch(self, *arguments):
        self.asked += 1
        return await self._pool.fetch(*arguments)


@pytest.fixture
def counted(pool) -> Counted:
    return Counted(pool)


async def test_permission_is_asked_once_and_ends_with_the_licence(counted, valkey, add_user, add_catalogue) -> None:
    licences = [[Licence(market="SE", ends_at=at(NOW_S + 10))], [Licence(market="*")], [Licence(market="NO")]]
    _, tracks = await add_catalogue(await add_user(Role.ARTIST), licences)
    expected = {tracks[0]: NOW_S + 10, tracks[1]: ENDLESS_S}
    assert await permissions(counted, valkey, tracks, market="SE", now_s=NOW_S) == expected
    # The refused one is asked for again, by itself; the others are remembered.
    assert await permissions(counted, valkey, tracks, market="SE", now_s=NOW_S + 9) == expected
    assert await permissions(counted, valkey, tracks[:2], market="SE", now_s=NOW_S + 9) == expected
    assert counted.asked == 2
    assert await permissions(counted, valkey, tracks[:2], market="SE", now_s=NOW_S + 10) == {tracks[1]: ENDLESS_S}
    assert counted.asked == 3


async def test_permission_is_of_one_market(counted, valkey, add_user, add_catalogue) -> None:
    _, (track,) = await add_catalogue(await add_user(Role.ARTIST), [[Licence(market="SE")]])
    for market, expected in (("SE", {track: ENDLESS_S}), ("NO", {}), (None, {}), ("SE", {track: ENDLESS_S})):
        assert await permissions(counted, valkey, [track], market=market, now_s=NOW_S) == expected
    assert counted.asked == 3


async def test_permission_is_asked_anew_after_its_while(counted, valkey, add_user, add_catalogue) -> None:
    _, (track,) = await add_catalogue(await add_user(Role.ARTIST), [[Licence(market="SE")]])
    for now_s in (NOW_S, NOW_S + KEPT_S - 1, NOW_S + KEPT_S):
        await permissions(counted, valkey, [track], market="SE", now_s=now_s)
    assert counted.asked == 2


async def test_change_of_licences_is_heard_at_once_in_both_directions(pool, valkey, add_user, add_catalogue) -> None:
    owner = await add_user(Role.ARTIST)
    _, (track,) = await add_catalogue(owner, [[Licence(market="SE")]])
    assert await permissions(pool, valkey, [track], market="SE", now_s=NOW_S) == {track: ENDLESS_S}
    await service.set_licences(pool, valkey, owner, track_id=track, grants=[Grant(markets=("NO",))])
    assert await permissions(pool, valkey, [track], market="SE", now_s=NOW_S) == {}
    await service.set_licences(pool, valkey, owner, track_id=track, grants=[Grant(markets=("SE",))])
    assert await permissions(pool, valkey, [track], market="SE", now_s=NOW_S) == {track: ENDLESS_S}


async def test_delivery_that_changes_licences_is_heard_at_once(pool, valkey, add_user) -> None:
    owner = await add_user(Role.LABEL)
    heard = []
    for market in ("SE", "NO"):
        row = SuppliedTrack(key="k", title="Flood", artist="Alma", licences=[Grant(markets=(market,))])
        (accepted,) = (await upsert_tracks(pool, valkey, owner, [row])).accepted
        heard.append(await permissions(pool, valkey, [accepted.track_id], market="SE", now_s=NOW_S))
    assert heard == [{accepted.track_id: ENDLESS_S}, {}]


async def test_nothing_is_lost_without_valkey(pool, add_user, add_catalogue, free_port) -> None:
    _, (track,) = await add_catalogue(await add_user(Role.ARTIST), [[Licence(market="SE")]])
    async with Valkey(port=free_port()) as nowhere:
        assert await permissions(pool, nowhere, [track], market="SE", now_s=NOW_S) == {track: ENDLESS_S}
        await answers.forget(nowhere, [track])


async def test_no_track_asks_nothing(counted, valkey) -> None:
    assert await permissions(counted, valkey, [], market="SE", now_s=NOW_S) == {}
    assert counted.asked == 0
