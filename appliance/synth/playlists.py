"""Playlists and their entries.

Pure. Half of them are public. Most have a dozen entries, some hundreds, and the first few so many that a page in the
middle is far from both ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import msgspec
import numpy as np

from appliance.synth import words
from appliance.synth.catalogue import Tracks
from appliance.synth.draws import (
    Numbers,
    charts,
    generator,
    keys,
    moments,
    moments_since,
    popular,
    shares,
    skewed,
    times_ms,
)
from appliance.synth.people import People
from appliance.synth.sizes import Order
from appliance.synth.table import Row, Table
from graph.playlists.position import spread
from graph.search.text import fold

ENTRIES_EACH = 15
SPREAD = 1.3
LONG, LONG_SHARE = 5, 0.01
"""The first playlists, and how much of all entries each of them has on top: 30,000 of 3 million."""
PORTION = 1000
"""Playlists whose entries are drawn at once, which bounds the memory."""


class Playlists(msgspec.Struct, frozen=True, kw_only=True):
    """Every playlist in the order of creation."""

    keys: list[UUID]
    names: list[str]
    folded: list[str]
    owner: list[int]
    length: Numbers
    created: list[datetime]
    created_ms: Numbers


def playlists_of(order: Order) -> Playlists:
    rng = generator(order.seed, "playlists")
    size = order.sizes.playlists
    created_ms = times_ms(rng, size, now=order.now)
    names = words.playlist_names(rng, size)
    length = shares(rng, size * ENTRIES_EACH, size, spread=SPREAD)
    length[:LONG] += int(size * ENTRIES_EACH * LONG_SHARE)
    return Playlists(
        keys=keys(rng, created_ms),
        names=names,
        folded=[fold(name) for name in names],
        owner=skewed(rng, order.sizes.listeners, size, steepness=2).tolist(),
        length=length,
        created=moments(created_ms),
        created_ms=created_ms,
    )


def playlist_table(playlists: Playlists, listeners: People) -> Table:
    def rows() -> Iterator[Row]:
        for index, key in enumerate(playlists.keys):
            owner, at = listeners.keys[playlists.owner[index]], playlists.created[index]
            yield key, owner, playlists.names[index], playlists.folded[index], index % 2 == 0, at, at

    return Table(name="playlists", columns="id owner_id name folded_name public created_at updated_at", rows=rows())


def entry_table(order: Order, playlists: Playlists, listeners: People, tracks: Tracks) -> Table:
    return Table(
        name="playlist_entries",
        columns="id playlist_id track_id position added_at added_by",
        rows=_entries(order, playlists, listeners, tracks),
    )


def _entries(order: Order, playlists: Playlists, listeners: People, tracks: Tracks) -> Iterator[Row]:
    rng = generator(order.seed, "entries")
    among = charts(order.seed, len(tracks.keys))
    positions = spread(int(playlists.length.max()))
    for start in range(0, len(playlists.keys), PORTION):
        lengths = playlists.length[start : start + PORTION]
        of = np.repeat(np.arange(start, start + len(lengths)), lengths)
        place = np.arange(len(of)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        chosen = popular(rng, among, len(of))
        added = moments_since(rng, playlists.created_ms[of], now=order.now)
        entries = keys(rng, playlists.created_ms[of])
        for index, playlist in enumerate(of.tolist()):
            yield (
                entries[index],
                playlists.keys[playlist],
                tracks.keys[chosen[index]],
                positions[place[index]],
                added[index],
                listeners.keys[playlists.owner[playlist]],
            )
