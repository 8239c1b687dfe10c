"""In which markets a release may be heard at all: its row follows its tracks, whoever writes them, and at once."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from config.migrate import load
from config.postgres import Pool
from graph.keys import new_key
from graph.licences.rules import Licence
from graph.viewer import Role
from tests.graph.locks import waits

PATIENCE_S = 60.0
STEPS = 60
TOLD = """
SELECT id, album_id, markets, (SELECT array_agg(DISTINCT market) FROM licences WHERE track_id = tracks.id) AS licensed
FROM tracks
"""
KEPT = "SELECT album.id, held.markets FROM albums AS album LEFT JOIN album_markets AS held ON held.album_id = album.id"

# Each for the tracks of $1; $2 is drawn, too.
GRANT = """
INSERT INTO licences (id, track_id, market) SELECT gen_random_uuid(), unnest($1::uuid[]), $2 ON CONFLICT DO NOTHING
"""
REVOKE = "DELETE FROM licences WHERE track_id = ANY($1::uuid[]) AND market = $2"
EXCHANGE = """
UPDATE licences SET market = $2, ends_at = now() + random() * interval '1 day'
WHERE market <> $2 AND track_id = ANY($1::uuid[])
"""
MOVE = "UPDATE tracks SET album_id = $2 WHERE id = ANY($1::uuid[])"
SWAP = """
UPDATE tracks SET album_id = other.album_id FROM tracks AS other
WHERE tracks.id = ANY($1::uuid[])
    AND other.id = ($1::uuid[])[1 + cardinality($1::uuid[]) - array_position($1, tracks.id)]
"""
DROP = "DELETE FROM tracks WHERE id = ANY($1::uuid[])"
ADD = """
INSERT INTO tracks (id, artist_id, album_id, title, search_text, asset_id)
SELECT unnest($1::uuid[]), id, $2, 'Tune', 'tune', gen_random_uuid() FROM (SELECT id FROM artists LIMIT 1) AS artist
"""
ADD_ALBUMS = """
INSERT INTO albums (id, artist_id, title, search_text) SELECT unnest($1::uuid[]), id, 'Rivers', 'rivers'
FROM (SELECT id FROM artists LIMIT 1) AS artist
"""


class Shop(msgspec.Struct, frozen=True, kw_only=True):
    """Two releases: the first has a track for SE and one for NO, the other one for SE and one for everywhere."""

    pool: Pool
    albums: list[UUID]
    tracks: list[UUID]

    async def check(self, after: str) -> None:
        """Tracks say what follows from licences, and releases what follows from tracks; so does all that was there."""
        told = await self.pool.fetch(TOLD)
        assert [row["id"] for row in told if row["markets"] != row["licensed"]] == [], after
        of_tracks: dict[UUID, list[Any]] = defaultdict(list)
        for row in told:
            of_tracks[row["album_id"]].append(row["licensed"])
        licensed = {album: sorted(set().union(*held)) for album, held in of_tracks.items() if None not in held}
        kept = {row["id"]: row["markets"] for row in await self.pool.fetch(KEPT)}
        assert kept == {album: licensed.get(album) for album in kept}, after


@pytest.fixture
def stock(pool, add_user, add_catalogue) -> Callable[[], Awaitable[Shop]]:
    async def add() -> Shop:
        here, there = [Licence(market="SE")], [Licence(market="NO")]
        _, tracks = await add_catalogue(await add_user(Role.LABEL), [here, there, here, []])
        albums = sorted([new_key(), new_key()])
        await pool.execute(ADD_ALBUMS, albums)
        await pool.execute(MOVE, tracks[:2], albums[0])
        await pool.execute(MOVE, tracks[2:], albums[1])
        return Shop(pool=pool, albums=albums, tracks=tracks)

    return add


@pytest.fixture
async def shop(stock) -> Shop:
    return await stock()


@pytest.mark.parametrize("seed", range(3))
async def test_row_follows_whatever_is_written(shop: Shop, seed: int) -> None:
    random = Random(seed)  # noqa: S311 -- a seed that repeats what it found
    await shop.check("the beginning")
    for step in range(STEPS):
        tracks = [row["id"] for row in await shop.pool.fetch("SELECT id FROM tracks ORDER BY id")]
        some = random.sample(tracks, min(len(tracks), random.randint(1, 4)))
        album, market = random.choice([*shop.albums, None]), random.choice(["SE", "NO", "*"])
        write, *given = random.choice(
            [
                (GRANT, some, market),
                (REVOKE, some, market),
                (EXCHANGE, some[:1], market),
                (MOVE, some, album),
                (SWAP, some),
                (DROP, some[:2]),
                (ADD, [new_key() for _ in some], album),
            ]
        )
        async with asyncio.timeout(PATIENCE_S):
            await shop.pool.execute(write, *given)
        await shop.check(f"step {step}: {write}")


async def test_release_of_which_nothing_is_left_is_announced_again(shop: Shop) -> None:
    await shop.pool.execute(DROP, shop.tracks)
    await shop.check("all tracks are gone")
    await shop.pool.execute("DELETE FROM albums")
    assert await shop.pool.fetchval("SELECT count(*) FROM album_markets") == 0


async def test_releases_that_were_there_before_get_their_rows(shop: Shop) -> None:
    await shop.pool.execute("DELETE FROM album_markets")
    (filling,) = [one.sql for one in load() if one.name == "0018_markets_of_albums_filled"]
    await shop.pool.execute(filling)
    assert await shop.pool.fetchval("SELECT count(*) FROM album_markets") == len(shop.albums)
    await shop.check("the migration")


WRITES = [
    "a licence",
    "a licence of another track",
    "a licence less",
    "the first licence",
    "a track",
    "a track without licences among others",
    "a track less",
    "a track that leaves",
    "one that comes",
]


def written(shop: Shop, what: str, *, market: str) -> tuple[str, *tuple[Any, ...]]:
    """Each has one of the releases be heard somewhere else, or would have it if it were alone."""
    here, there = shop.albums
    first, second, elsewhere, everywhere = shop.tracks
    return {
        "a licence": (GRANT, [first], market),
        "a licence of another track": (GRANT, [second], market),
        "a licence less": (REVOKE, [second], "NO"),
        "the first licence": (GRANT, [everywhere], market),
        "a track": (ADD, [new_key()], here),
        "a track without licences among others": (ADD, [new_key()], there),
        "a track less": (DROP, [second]),
        "a track that leaves": (MOVE, [first], there),
        "one that comes": (MOVE, [elsewhere], here),
    }[what]


@pytest.mark.parametrize("first", WRITES)
async def test_of_two_who_write_at_once_both_count(stock, first: str) -> None:
    for second in WRITES:
        shop = await stock()
        async with asyncio.timeout(PATIENCE_S):
            async with shop.pool.acquire() as connection, connection.transaction():
                await connection.execute(*written(shop, first, market="DK"))
                other = asyncio.create_task(shop.pool.execute(*written(shop, second, market="FI")))
                await waits(shop.pool, other)
            # A track that is gone gets no licence.
            with suppress(asyncpg.ForeignKeyViolationError):
                await other
        await shop.check(f"{first}, and {second}")
