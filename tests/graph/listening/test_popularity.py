import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec
import pytest

from config.migrate import load
from graph import ids
from graph.keys import new_key
from graph.listening import popularity
from graph.listening.popularity import show_popularity
from graph.listening.reads import MOST_SHOWN_PLAYS, SHOWN_FROM_PLAYS
from graph.listening.rollup import MOST_IN_CHARTS, roll_up
from graph.listening.spans import popularity_weight
from graph.viewer import Role
from tests.graph.locks import waits
from tests.graph.masters import add_revision

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
DAY = timedelta(days=1)
FAN, OTHER, LATEST = (UUID(int=n) for n in range(1, 4))
POPULAR = """
query($artist: ID!, $first: Int = 20, $after: String, $last: Int, $before: String) { artist(id: $artist) {
  popularTracks(first: $first, after: $after, last: $last, before: $before) {
    totalCount pageInfo { endCursor hasNextPage } edges { cursor plays node { id } }
  }
} }
"""
SCORES = "SELECT track_id, plays, score FROM track_popularity WHERE artist_id = $1"
HOLD = "SELECT FROM track_plays_waiting WHERE track_id = $1 FOR UPDATE"
DELETE = (
    "DELETE FROM assets WHERE asset_id = (SELECT asset_id FROM tracks WHERE id = $1)",
    "DELETE FROM uploads WHERE track_id = $1",
    "DELETE FROM tracks WHERE id = $1",
)
EARLIER = [one.sql for one in load() if one.name in {"0020_popular_tracks_heard", "0020_popular_tracks_plays"}]


class Band(NamedTuple):
    """An artist with tracks that are ready, in the order in which they were added."""

    key: UUID
    tracks: list[UUID]

    @property
    def id(self) -> str:
        return ids.encode("Artist", self.key)


class EndedOnce:
    """A connection whose first statement PostgreSQL ends in favour of another's."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.ended = False

    async def fetchval(self, statement: str, *arguments: Any) -> Any:
        if not self.ended:
            self.ended = True
            raise asyncpg.DeadlockDetectedError("deadlock detected")
        return await self.connection.fetchval(statement, *arguments)


@pytest.fixture
async def band(pool, add_user) -> Band:
    owner, made = await add_user(Role.ARTIST), Band(new_key(), [new_key() for _ in range(4)])
    await pool.execute(
        "INSERT INTO artists (id, owner_id, name, search_text) VALUES ($1, $2, 'Band', 'band')", made.key, owner.user_id
    )
    for track in made.tracks:
        asset = new_key()
        await pool.execute(
            "INSERT INTO tracks (id, artist_id, title, search_text, asset_id) VALUES ($1, $2, 'Tune', 'tune', $3)",
            track,
            made.key,
            asset,
        )
        await add_revision(pool, owner, track=track, asset=asset, duration_ms=60_000)
    return made


@pytest.fixture
def listed(ask, band: Band) -> Callable[..., Any]:
    """The tracks of a page by their numbers."""

    async def ask_for(viewer: Any = None, **page: Any) -> list[int]:
        numbers = {ids.encode("Track", key): number for number, key in enumerate(band.tracks)}
        found = (await ask.data(POPULAR, viewer, artist=band.id, **page))["popularTracks"]
        return [numbers[edge["node"]["id"]] for edge in found["edges"]]

    return ask_for


async def count(pool, now: datetime = NOW) -> None:
    async with pool.acquire() as connection:
        await roll_up(connection, now)


async def show(pool) -> None:
    async with pool.acquire() as connection:
        while not await show_popularity(connection, NOW):
            pass


async def known(pool, band: Band) -> dict[UUID, tuple[int, float]]:
    return {row["track_id"]: (row["plays"], row["score"]) for row in await pool.fetch(SCORES, band.key)}


async def test_tracks_come_by_their_plays_and_then_as_they_were_added(pool, add_play, band, listed) -> None:
    assert await listed() == [0, 1, 2, 3]
    await add_play(NOW, user=FAN, track=band.tracks[2])
    await add_play(NOW, user=FAN, track=band.tracks[3], times=2)
    await count(pool)
    assert await listed() == [0, 1, 2, 3]
    await show(pool)
    assert await listed() == [3, 2, 0, 1]


async def test_a_play_four_weeks_ago_counts_half(pool, add_play, band, listed) -> None:
    old, new, older = band.tracks[:3]
    await add_play(NOW - 28 * DAY, user=FAN, track=old, times=3)
    await add_play(NOW - 28 * DAY, user=FAN, track=older, times=1)
    await add_play(NOW, user=FAN, track=new)
    await count(pool)
    await show(pool)
    scores = {track: score / popularity_weight(NOW.date()) for track, (_, score) in (await known(pool, band)).items()}
    assert [scores[track] for track in (old, new, older)] == pytest.approx([1.5, 1, 0.5])
    assert await listed() == [0, 1, 2, 3]


async def test_it_counts_as_charts_do(pool, add_play, band) -> None:
    loop, secret, both = band.tracks[:3]
    await add_play(NOW, user=FAN, track=loop, times=3)
    await count(pool)
    await add_play(NOW, user=FAN, track=loop, times=50)
    await add_play(NOW, user=OTHER, track=loop)
    await add_play(NOW - 20 * DAY, user=FAN, track=loop, times=2)
    await add_play(NOW, user=FAN, track=secret, private=True)
    await add_play(NOW, user=FAN, track=both, private=True)
    await add_play(NOW, user=OTHER, track=both, market="FR")
    await count(pool)
    assert await pool.fetchval("SELECT count(*) FROM track_plays_waiting") == 2
    await show(pool)
    found = {track: plays for track, (plays, _) in (await known(pool, band)).items()}
    assert [found[track] for track in (loop, secret, both)] == [MOST_IN_CHARTS + 1 + 2, 0, 1]


async def test_pages_lead_through_all_of_it_both_ways(pool, ask, add_play, band, listed) -> None:
    for number, plays in ((1, 2), (2, 1)):
        await add_play(NOW, user=FAN, track=band.tracks[number], times=plays)
    await count(pool)
    await show(pool)
    page = (await ask.data(POPULAR, artist=band.id, first=4))["popularTracks"]
    cursors = [edge["cursor"] for edge in page["edges"]]
    assert (page["totalCount"], await listed()) == (4, [1, 2, 0, 3])
    for behind, cursor in enumerate(cursors, 1):
        assert await listed(after=cursor) == [1, 2, 0, 3][behind:]
        assert await listed(first=None, last=2, before=cursor) == [1, 2, 0, 3][: behind - 1][-2:]


async def test_what_a_listener_may_not_hear_takes_no_place(pool, ask, add_user, band, listed) -> None:
    listener = await add_user(Role.LISTENER)
    await pool.execute("INSERT INTO licences (id, track_id, market) VALUES ($1, $2, 'SE')", new_key(), band.tracks[0])
    await pool.execute("UPDATE tracks SET withdrawn_at = now() WHERE id = $1", band.tracks[1])
    for market, found in (("SE", [0, 2]), ("NO", [2, 3])):
        there = msgspec.structs.replace(listener, market=market)
        assert await listed(there, first=2) == found
        counted = await ask.data(POPULAR, there, artist=band.id)
        assert counted["popularTracks"]["totalCount"] == (3 if market == "SE" else 2)


async def test_counts_are_told_from_a_thousand_on(pool, ask, band) -> None:
    plays = [SHOWN_FROM_PLAYS - 1, SHOWN_FROM_PLAYS, MOST_SHOWN_PLAYS, MOST_SHOWN_PLAYS + 1]
    await pool.executemany(
        "UPDATE track_popularity SET plays = $2, score = $2::bigint WHERE track_id = $1",
        list(zip(band.tracks, plays, strict=True)),
    )
    edges = (await ask.data(POPULAR, artist=band.id))["popularTracks"]["edges"]
    assert [edge["plays"] for edge in edges] == [MOST_SHOWN_PLAYS, MOST_SHOWN_PLAYS, SHOWN_FROM_PLAYS, None]


async def test_deleted_tracks_leave_and_what_waits_for_them_is_dropped(pool, add_play, band, listed) -> None:
    await add_play(NOW, user=FAN, track=band.tracks[0])
    await count(pool)
    await pool.execute(
        "DELETE FROM assets WHERE asset_id = (SELECT asset_id FROM tracks WHERE id = $1)", band.tracks[0]
    )
    await pool.execute("DELETE FROM uploads WHERE track_id = $1", band.tracks[0])
    await pool.execute("DELETE FROM tracks WHERE id = $1", band.tracks[0])
    await show(pool)
    assert sorted(await known(pool, band)) == sorted(band.tracks[1:])
    assert await pool.fetchval("SELECT count(*) FROM track_plays_waiting") == 0
    assert await listed() == [1, 2, 3]


async def test_a_track_takes_its_plays_along_to_another_artist(pool, add_user, add_track, band) -> None:
    own = await add_track(await add_user(Role.ARTIST), ready=60_000)
    other = Band(await pool.fetchval("SELECT artist_id FROM tracks WHERE id = $1", own), [own])
    await pool.execute("UPDATE track_popularity SET plays = 3, score = 2 WHERE track_id = $1", band.tracks[0])
    await pool.execute("UPDATE tracks SET artist_id = $2 WHERE id = $1", band.tracks[0], other.key)
    assert await known(pool, other) == {own: (0, 0), band.tracks[0]: (3, 2)}
    assert sorted(await known(pool, band)) == sorted(band.tracks[1:])


async def test_a_portion_says_whether_it_was_all(pool, add_play, band, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(popularity, "PORTION", 2)
    for track in band.tracks[:3]:
        await add_play(NOW, user=FAN, track=track)
    await count(pool)
    async with pool.acquire() as connection:
        assert [await show_popularity(connection, NOW) for _ in range(2)] == [False, True]
    assert [plays for plays, _ in (await known(pool, band)).values()].count(1) == 3


async def test_plays_add_up_before_and_after_they_are_shown(pool, add_play, band) -> None:
    for round_ in range(3):
        await add_play(NOW, user=UUID(int=round_), track=band.tracks[0])
        await count(pool)
        if round_:
            await show(pool)
    plays, score = (await known(pool, band))[band.tracks[0]]
    assert (plays, score / popularity_weight(NOW.date())) == (3, pytest.approx(3))


async def test_plays_that_are_counted_meanwhile_are_shown_once(pool, add_play, band) -> None:
    await add_play(NOW, user=FAN, track=band.tracks[0])
    await count(pool)
    await add_play(NOW, user=OTHER, track=band.tracks[0], times=2)
    async with pool.acquire() as counter:
        transaction = counter.transaction()
        await transaction.start()
        await roll_up(counter, NOW)
        showing = asyncio.ensure_future(show(pool))
        assert await waits(pool, showing)
        await transaction.commit()
        await showing
    await show(pool)
    assert (await known(pool, band))[band.tracks[0]][0] == 3


async def test_tracks_are_taken_in_the_order_in_which_plays_of_them_are_counted(pool, band) -> None:
    first, last = sorted(band.tracks)[:2]
    for track in (last, first):
        await pool.execute("INSERT INTO track_plays_waiting VALUES ($1, 1, 1)", track)
    async with pool.acquire() as counter:
        transaction = counter.transaction()
        await transaction.start()
        await counter.execute(HOLD, first)
        showing = asyncio.ensure_future(show(pool))
        assert await waits(pool, showing)
        await counter.execute(f"{HOLD} NOWAIT", last)
        await transaction.commit()
        await showing
    assert [plays for plays, _ in (await known(pool, band)).values()].count(1) == 2


async def test_who_has_to_make_way_for_a_deletion_begins_again(pool, add_play, band) -> None:
    await add_play(NOW, user=FAN, track=band.tracks[0])
    await count(pool)
    async with pool.acquire() as connection:
        assert await show_popularity(EndedOnce(connection), NOW)
    assert (await known(pool, band))[band.tracks[0]][0] == 1


async def test_an_upgrade_counts_what_was_played_before(pool, band) -> None:
    tune, song = band.tracks[:2]
    heard = ((FAN, tune, 7, False), (OTHER, tune, 1, False), (FAN, song, 2, True), (LATEST, song, 1, False))
    for user, track, times, private in heard:
        await pool.executemany(
            "INSERT INTO plays (id, user_id, track_id, artist_id, market, played_at, played_ms, private)"
            " VALUES ($1, $2, $3, $4, 'DE', $5, 60000, $6)",
            [(new_key(), user, track, band.key, NOW - 28 * DAY, private) for _ in range(times)],
        )
    await pool.execute(
        "INSERT INTO plays_waiting (id, user_id, track_id, artist_id, market, played_at, private)"
        " SELECT id, user_id, track_id, artist_id, market, played_at, private FROM plays WHERE user_id = $1",
        LATEST,
    )
    await pool.execute("DELETE FROM track_popularity")
    for statements in EARLIER:
        await pool.execute(statements)
    await show(pool)
    weight = popularity_weight(NOW.date() - 28 * DAY)
    assert await known(pool, band) == {
        tune: (MOST_IN_CHARTS + 1, pytest.approx((MOST_IN_CHARTS + 1) * weight)),
        **dict.fromkeys(band.tracks[1:], (0, 0)),
    }


async def test_tracks_that_go_or_move_while_the_first_are_listed_are_not_listed_wrongly(pool, band) -> None:
    (gone, moved, *stay), other = band.tracks, new_key()
    await pool.execute(
        "INSERT INTO artists (id, owner_id, name, search_text) SELECT $1, owner_id, '', '' FROM artists", other
    )
    await pool.execute("DELETE FROM track_popularity")
    async with pool.acquire() as writer, writer.transaction():
        for statement in DELETE:
            await writer.execute(statement, gone)
        await writer.execute("UPDATE tracks SET artist_id = $2 WHERE id = $1", moved, other)
        listing = asyncio.create_task(pool.execute(EARLIER[0]))
        assert await waits(pool, listing)
    await listing
    assert sorted(await pool.fetch("SELECT track_id, artist_id FROM track_popularity")) == sorted(
        [(moved, other), *((track, band.key) for track in stay)]
    )


async def test_an_artists_popular_tracks_take_two_statements(ask, counting, band) -> None:
    for first in (1, 4):
        async with counting() as statements:
            await ask.data(POPULAR.replace("totalCount", ""), artist=band.id, first=first)
        assert len(statements) == 2, statements
