"""Accounts: the owners of the artists, and the listeners.

Pure. Nobody can sign in to them, for no password has this hash; `segue token listener-000000@synth.example` acts as
one.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from appliance.synth import words
from appliance.synth.draws import Numbers, generator, keys, moments, times_ms
from appliance.synth.sizes import Order
from appliance.synth.table import Table
from graph.search.text import fold

DOMAIN = "synth.example"
"""RFC 2606 keeps `example` free: no letter reaches anybody."""
ARTISTS_OF_AN_OWNER = 50
NO_PASSWORD = ""


class People(msgspec.Struct, frozen=True, kw_only=True):
    """Accounts of one role, in the order of creation."""

    keys: list[UUID]
    names: list[str]
    folded: list[str]
    created: list[datetime]
    created_ms: Numbers


def owners_of(order: Order) -> People:
    return _people(order, "owners", -(-order.sizes.artists // ARTISTS_OF_AN_OWNER))


def listeners_of(order: Order) -> People:
    return _people(order, "listeners", order.sizes.listeners)


def user_table(people: People, *, role: str) -> Table:
    return Table(
        name="users",
        columns="id email display_name password_hash role created_at",
        rows=(
            (key, f"{role}-{index:06}@{DOMAIN}", name, NO_PASSWORD, role, at)
            for index, (key, name, at) in enumerate(zip(people.keys, people.names, people.created, strict=True))
        ),
    )


def _people(order: Order, purpose: str, count: int) -> People:
    rng = generator(order.seed, purpose)
    created_ms = times_ms(rng, count, now=order.now)
    names = words.names(rng, count)
    return People(
        keys=keys(rng, created_ms),
        names=names,
        folded=[fold(name) for name in names],
        created=moments(created_ms),
        created_ms=created_ms,
    )
