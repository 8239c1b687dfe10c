"""What listeners keep: tracks that they like, albums, artists, playlists, and whom they follow.

Pure. A library may hold a thing once; some hold thousands, most a few dozen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

import msgspec

from appliance.synth.draws import charts, generator, moments_since, pairs, popular, skewed
from appliance.synth.people import People
from appliance.synth.sizes import Order
from appliance.synth.table import Row, Table

LISTENER_STEEPNESS = 2.0
"""The first ten-thousandth of the listeners has a hundredth of what is kept."""


class Kept(msgspec.Struct, frozen=True):
    """One kind of what is kept, and how many of it a listener has on the average."""

    table: str
    owner: str
    column: str
    keys: Sequence[UUID]
    sort_names: Sequence[str]
    each: int


def table_of(order: Order, listeners: People, kept: Kept) -> Table:
    """The rows of one kind."""
    rng = generator(order.seed, kept.table)
    size = len(kept.keys)
    wanted = order.sizes.listeners * kept.each
    owners, things = pairs(
        skewed(rng, order.sizes.listeners, wanted, steepness=LISTENER_STEEPNESS),
        popular(rng, charts(order.seed, size), wanted),
        things_size=size,
    )
    since = moments_since(rng, listeners.created_ms[owners], now=order.now)

    def rows() -> Iterator[Row]:
        for owner, thing, at in zip(owners.tolist(), things.tolist(), since, strict=True):
            if listeners.keys[owner] != kept.keys[thing]:  # nobody follows themselves
                yield listeners.keys[owner], kept.keys[thing], kept.sort_names[thing], at

    return Table(name=kept.table, columns=f"{kept.owner} {kept.column} sort_name created_at", rows=rows())
