"""Which buckets an operation draws from, and how much.

A user has buckets of their own; who is not signed in shares those of an address. Operations with a password or a
refresh token always count for the address: there is no user yet, and guessing from one place is what is limited.

Pure. Not here: what is left in a bucket (`limiter`).
"""

from __future__ import annotations

from uuid import UUID

import msgspec

from config.settings import RateSettings
from graph.execution.cost import Kind


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """What one sender may take of one thing; `per_minute` is also what may be taken at once."""

    key: str
    per_minute: int
    taken: int


def buckets(kind: Kind | None, cost: int, *, user_id: UUID | None, household: str, rates: RateSettings) -> list[Bucket]:
    """What an operation takes; one that asks more than a bucket holds empties it, or it could never run.

    Without a kind it is a document that has to be read before anybody knows what it is.
    """
    sender = f"a:{household}" if user_id is None or kind is Kind.CREDENTIALS else f"u:{user_id}"
    limits = {"cost": (rates.cost_per_minute, cost)}
    if kind is not None:
        limits[kind.value] = PER_MINUTE[kind](rates), 1
    return [
        # The braces keep the buckets of a sender on one node of a cluster, where one script may change them together.
        Bucket(key=f"segue:rate:{{{sender}}}:{name}", per_minute=limit, taken=min(taken, limit))
        for name, (limit, taken) in limits.items()
        if limit
    ]


PER_MINUTE = {
    Kind.CREDENTIALS: lambda rates: rates.credentials_per_minute,
    Kind.MUTATION: lambda rates: rates.mutations_per_minute,
    Kind.QUERY: lambda rates: rates.queries_per_minute,
    Kind.SUBSCRIPTION: lambda rates: rates.subscriptions_per_minute,
}
