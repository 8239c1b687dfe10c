"""Withdrawals: which assets may not be had any more, as one process knows it.

Theory of operation. A marker in the object store says that an asset is withdrawn (`origin.layout.withdrawal_key`). It
is looked for when an asset is asked for first, so that a fresh process knows, and the answer is held. Whoever withdraws
an asset, or takes that back, says so over Valkey (`origin.announcements`), which changes what is held at once.

Rules
- While the announcements are followed, an answer stands for `HELD_S`. While they are not, it stands for `STALE_S`, and
  when they are followed again, what was looked up before that has to be looked up again: a withdrawal that nobody told
  us of is noticed within seconds.
- The store away: what was known last stands, and an asset of which nothing is known is not known to be withdrawn. So
  what is in memory goes on, and a withdrawal stays one. It is tried again after `STALE_S`.
- A check comes before the descriptor is looked up, whatever is held of the asset: manifests, segments, keys.

An answer that has begun goes to its end.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol, TypeAlias
from uuid import UUID

from config.logs import logger
from origin.asset import Asset
from origin.errors import StoreAway, Withdrawn
from origin.reads.flights import Flights

HELD_S = 60.0
"""Nothing should change without an announcement; this bounds what a replica that lags behind may have answered."""

STALE_S = 5.0
"""How long a withdrawal may go unnoticed without Valkey: one small read an asset and process in that time."""

CAPACITY = 20_000
"""Assets that are known at once. Each takes some 250 bytes: 5 MB, and more tracks than a process serves in a minute."""

Look: TypeAlias = Callable[[UUID], Awaitable[bool]]
Clock: TypeAlias = Callable[[], float]

log = logger(__name__)


class _Held(NamedTuple):
    """What is known of one asset."""

    withdrawn: bool
    asked_at_s: float
    is_certain: bool
    """The store said so, or an announcement did."""


class Withdrawals:
    """What one process knows; `look` asks the store for the marker of an asset, `clock` is monotonic."""

    def __init__(self, look: Look, *, clock: Clock) -> None:
        self._look = look
        self._clock = clock
        self._held: OrderedDict[UUID, _Held] = OrderedDict()
        self._flights: Flights[UUID, bool] = Flights()
        self._followed_since_s: float | None = None

    def known(self, asset_id: UUID) -> bool | None:
        """Whether the asset is withdrawn; None when that has to be looked up."""
        held = self._held.get(asset_id)
        if held is None or not self._stands(held):
            return None
        self._held.move_to_end(asset_id)
        return held.withdrawn

    async def require_offered(self, asset_id: UUID) -> None:
        """Return unless the asset is withdrawn. Raises Withdrawn."""
        withdrawn = self.known(asset_id)
        if withdrawn is None:
            withdrawn = await self._flights.join(asset_id, lambda: self._look_up(asset_id))
        if withdrawn:
            raise Withdrawn(str(asset_id))

    def told(self, asset_id: UUID, *, withdrawn: bool) -> None:
        """An announcement has come."""
        log.info("announced", asset_id=str(asset_id), withdrawn=withdrawn)
        self._hold(asset_id, _Held(withdrawn, self._clock(), is_certain=True))

    def followed(self) -> None:
        """Announcements are followed from now on."""
        self._followed_since_s = self._clock()

    def unfollowed(self) -> None:
        """Announcements may be missed from now on."""
        self._followed_since_s = None

    def _stands(self, held: _Held) -> bool:
        since_s, age_s = self._followed_since_s, self._clock() - held.asked_at_s
        if since_s is None or not held.is_certain:
            return age_s < STALE_S
        return age_s < HELD_S and held.asked_at_s >= since_s

    async def _look_up(self, asset_id: UUID) -> bool:
        before, asked_at_s = self._held.get(asset_id), self._clock()
        try:
            found = _Held(await self._look(asset_id), asked_at_s, is_certain=True)
        except StoreAway as error:
            known = before is not None and before.withdrawn
            log.warning("not known whether withdrawn", asset_id=str(asset_id), assumed=known, reason=str(error))
            found = _Held(known, self._clock(), is_certain=False)
        now = self._held.get(asset_id)
        if now is not None and now is not before:  # told meanwhile, and what was read may be older
            return now.withdrawn
        self._hold(asset_id, found)
        return found.withdrawn

    def _hold(self, asset_id: UUID, held: _Held) -> None:
        self._held[asset_id] = held
        self._held.move_to_end(asset_id)
        if len(self._held) > CAPACITY:
            self._held.popitem(last=False)


class Assets(Protocol):
    """Where the descriptor of an asset's revision comes from."""

    def held(self, asset_id: UUID, revision: int) -> Asset | None: ...

    async def get(self, asset_id: UUID, revision: int) -> Asset: ...


class Offered:
    """The descriptors of assets that are not withdrawn."""

    def __init__(self, assets: Assets, withdrawals: Withdrawals) -> None:
        self._assets = assets
        self._withdrawals = withdrawals

    def held(self, asset_id: UUID, revision: int) -> Asset | None:
        """The descriptor, where nothing has to be looked up to know that it may be had."""
        return None if self._withdrawals.known(asset_id) is not False else self._assets.held(asset_id, revision)

    async def get(self, asset_id: UUID, revision: int) -> Asset:
        """Raises Withdrawn, and what the lookup raises."""
        await self._withdrawals.require_offered(asset_id)
        return await self._assets.get(asset_id, revision)
