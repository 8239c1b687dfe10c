"""Rates, kept in Valkey, so that all API processes count together.

Each bucket is one number, the time at which it will be full again (the generic cell rate algorithm). One script looks
at all buckets of an operation and draws from all of them or from none, by the server's clock.

Limits protect the API, they are no rule of the domain: while Valkey is away everything is admitted.
"""

from __future__ import annotations

import math

from valkey.asyncio import Valkey

from config.settings import RateSettings
from graph.errors import RateLimited
from graph.execution.cost import Kind
from graph.protection.address import Address, Networks, household
from graph.protection.rates import Bucket, buckets
from graph.protection.sparing import Sparing
from graph.viewer import Viewer

SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local full, wait = {}, 0
for i, key in ipairs(KEYS) do
    local per_minute, taken = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
    local from = math.max(now, tonumber(redis.call('GET', key) or 0))
    full[i] = from + taken * 60000000 / per_minute
    wait = math.max(wait, full[i] - now - 60000000)
end
if wait > 0 then return math.ceil(wait) end
for i, key in ipairs(KEYS) do
    redis.call('SET', key, string.format('%.0f', full[i]), 'PX', math.ceil((full[i] - now) / 1000) + 1)
end
return 0
"""
"""A bucket holds what one minute fills, so it may be drawn from while it will be full within a minute."""


class Limiter:
    """Who may ask, and when."""

    def __init__(self, client: Valkey, rates: RateSettings) -> None:
        self._rates = rates
        self._unlimited = Networks(rates.unlimited)
        self._draw = client.register_script(SCRIPT)
        self._sparing = Sparing("rates")

    async def admit(self, kind: Kind | None, cost: int, *, viewer: Viewer | None, address: Address) -> None:
        """Count one operation, or without a kind a document. Raises RateLimited, and counts nothing then."""
        if address in self._unlimited:
            return
        user_id = None if viewer is None else viewer.user_id
        drawn = buckets(kind, cost, user_id=user_id, household=household(address), rates=self._rates)
        wait_us = await self._sparing.ask(lambda: self._wait_us(drawn), otherwise=0) if drawn else 0
        if wait_us:
            raise RateLimited(math.ceil(wait_us / 1_000_000))

    async def _wait_us(self, drawn: list[Bucket]) -> int:
        arguments = [number for bucket in drawn for number in (bucket.per_minute, bucket.taken)]
        return int(await self._draw(keys=[bucket.key for bucket in drawn], args=arguments))
