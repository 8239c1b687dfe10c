"""What one process knows of withdrawn assets, under a clock and a store that are the test's."""

import asyncio
from uuid import UUID

import pytest

from origin import withdrawals as module
from origin.errors import StoreAway, Withdrawn
from origin.withdrawals import HELD_S, STALE_S, Offered, Withdrawals

ASSET, OTHER = UUID(int=1), UUID(int=2)


class Store:
    """The markers that lie in it; counts who looks, and lets the test say when a look ends."""

    def __init__(self) -> None:
        self.marked: set[UUID] = set()
        self.looks: list[UUID] = []
        self.away = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def look(self, asset_id: UUID) -> bool:
        self.looks.append(asset_id)
        found = asset_id in self.marked
        await self.gate.wait()
        if self.away:
            raise StoreAway("stopped")
        return found


class Known:
    """`Withdrawals` with its store and its clock."""

    def __init__(self) -> None:
        self.store = Store()
        self.now_s = 1000.0
        self.withdrawals = Withdrawals(self.store.look, clock=lambda: self.now_s)

    async def withdrawn(self, asset_id: UUID = ASSET) -> bool:
        try:
            await self.withdrawals.require_offered(asset_id)
        except Withdrawn:
            return True
        return False


@pytest.fixture
async def known() -> Known:
    return Known()


@pytest.fixture
async def following(known: Known) -> Known:
    known.withdrawals.followed()
    return known


async def test_marker_is_looked_for_once_while_announcements_are_followed(following: Known) -> None:
    following.store.marked = {OTHER}
    for _ in range(3):
        assert not await following.withdrawn(ASSET)
        assert await following.withdrawn(OTHER)
        following.now_s += HELD_S / 3 - 0.1
    assert following.store.looks == [ASSET, OTHER]
    following.now_s += 0.4
    assert not await following.withdrawn(ASSET)
    assert following.store.looks == [ASSET, OTHER, ASSET]


async def test_announcement_counts_at_once_and_needs_no_look(following: Known) -> None:
    assert not await following.withdrawn()
    following.withdrawals.told(ASSET, withdrawn=True)
    assert await following.withdrawn()
    following.withdrawals.told(ASSET, withdrawn=False)
    assert not await following.withdrawn()
    assert following.store.looks == [ASSET]


async def test_announcement_beats_a_look_that_was_under_way(following: Known) -> None:
    following.store.gate.clear()
    asking = asyncio.create_task(following.withdrawn())
    while not following.store.looks:
        await asyncio.sleep(0)
    following.withdrawals.told(ASSET, withdrawn=True)
    following.store.gate.set()
    assert await asking
    assert await following.withdrawn()
    assert following.store.looks == [ASSET]


async def test_without_announcements_the_marker_is_looked_for_every_few_seconds(known: Known) -> None:
    assert not await known.withdrawn()
    known.store.marked = {ASSET}
    known.now_s += STALE_S - 0.1
    assert not await known.withdrawn()
    known.now_s += 0.1
    assert await known.withdrawn()
    assert known.store.looks == [ASSET, ASSET]


async def test_lost_announcements_shorten_what_stands_already(following: Known) -> None:
    assert not await following.withdrawn()
    following.now_s += STALE_S
    following.store.marked = {ASSET}
    assert not await following.withdrawn()
    following.withdrawals.unfollowed()
    assert await following.withdrawn()


async def test_what_was_known_before_a_gap_is_looked_up_after_it(following: Known) -> None:
    assert not await following.withdrawn()
    following.withdrawals.unfollowed()
    following.store.marked = {ASSET}
    following.now_s += 0.5
    following.withdrawals.followed()
    assert await following.withdrawn()
    assert await following.withdrawn()
    assert following.store.looks == [ASSET, ASSET]


async def test_store_away_leaves_what_was_known(following: Known) -> None:
    following.store.marked = {OTHER}
    assert [await following.withdrawn(ASSET), await following.withdrawn(OTHER)] == [False, True]
    following.store.away = True
    following.now_s += HELD_S
    assert [await following.withdrawn(ASSET), await following.withdrawn(OTHER)] == [False, True]
    assert following.store.looks == [ASSET, OTHER, ASSET, OTHER]


async def test_asset_of_which_nothing_is_known_goes_on_until_the_store_is_back(following: Known) -> None:
    following.store.away = True
    following.store.marked = {ASSET}
    assert not await following.withdrawn()
    assert not await following.withdrawn()
    assert following.store.looks == [ASSET], "a store that is away is not asked at every request"
    following.store.away = False
    following.now_s += STALE_S
    assert await following.withdrawn()


async def test_many_who_ask_at_once_share_one_look(following: Known) -> None:
    following.store.gate.clear()
    asking = [asyncio.create_task(following.withdrawn()) for _ in range(50)]
    while not following.store.looks:
        await asyncio.sleep(0)
    following.store.gate.set()
    assert not any(await asyncio.gather(*asking))
    assert following.store.looks == [ASSET]


async def test_what_was_asked_for_longest_ago_is_forgotten(following: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CAPACITY", 2)
    for asset_id in (ASSET, OTHER, ASSET, UUID(int=3)):
        assert not await following.withdrawn(asset_id)
    looked = len(following.store.looks)
    assert not await following.withdrawn(ASSET)
    assert len(following.store.looks) == looked
    assert not await following.withdrawn(OTHER)
    assert len(following.store.looks) == looked + 1


async def test_announcement_makes_an_asset_the_last_to_be_forgotten(
    following: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CAPACITY", 2)
    for asset_id in (ASSET, OTHER):
        assert not await following.withdrawn(asset_id)
    following.withdrawals.told(ASSET, withdrawn=True)
    assert not await following.withdrawn(UUID(int=3))
    assert await following.withdrawn(ASSET)
    assert following.store.looks == [ASSET, OTHER, UUID(int=3)]


async def test_descriptor_of_a_withdrawn_asset_is_not_looked_up(following: Known, make_asset, make_rendition) -> None:
    asset, asked = make_asset(make_rendition(ticks=(1000,))), []

    class Descriptors:
        async def get(self, asset_id, revision):
            asked.append((asset_id, revision))
            return asset

    offered = Offered(Descriptors(), following.withdrawals)
    assert await offered.get(ASSET, 3) is asset
    following.withdrawals.told(ASSET, withdrawn=True)
    with pytest.raises(Withdrawn):
        await offered.get(ASSET, 3)
    assert asked == [(ASSET, 3)]
