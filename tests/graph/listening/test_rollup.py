import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from graph.listening import rollup
from graph.listening.rollup import BATCH, MOST_IN_CHARTS, ROLL_UP, roll_up
from graph.listening.spans import DAYS_OF, POPULARITY_FROM, ListeningSpan, first_day

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FAN, OTHER, TUNE, SONG, BAND = (UUID(int=n) for n in range(1, 6))


async def count(pool, now: datetime = NOW) -> None:
    async with pool.acquire() as connection:
        while not await roll_up(connection, now):
            pass


async def top(pool, span: ListeningSpan, user: UUID = FAN, table: str = "top_tracks") -> dict[UUID, int]:
    key = {"top_tracks": "track_id", "top_artists": "artist_id"}[table]
    rows = await pool.fetch(f"SELECT {key}, plays FROM {table} WHERE user_id = $1 AND span = $2", user, span.value)  # noqa: S608 -- names of this file
    return {row[key]: row["plays"] for row in rows}


async def heard(pool) -> list[tuple[datetime, str, UUID, int]]:
    rows = await pool.fetch("SELECT hour, market, track_id, plays FROM track_hours ORDER BY hour, market, track_id")
    return [tuple(row) for row in rows]


async def test_each_play_is_counted_once_in_every_span(pool, add_play) -> None:
    await add_play(NOW - HOUR, user=FAN, track=TUNE, artist=BAND, times=2)
    await add_play(NOW - HOUR, user=FAN, track=SONG, artist=BAND)
    await add_play(NOW - HOUR, user=OTHER, track=SONG, artist=BAND)
    for _ in range(2):
        await count(pool)
    for span in ListeningSpan:
        assert await top(pool, span) == {TUNE: 2, SONG: 1}
        assert await top(pool, span, table="top_artists") == {BAND: 3}
        assert await top(pool, span, OTHER) == {SONG: 1}
    await add_play(NOW - HOUR, user=FAN, track=TUNE, artist=BAND)
    await count(pool)
    assert await top(pool, ListeningSpan.ALL_TIME) == {TUNE: 3, SONG: 1}
    assert await pool.fetchval("SELECT count(*) FROM plays_waiting") == 0


async def test_a_play_leaves_a_span_at_midnight_after_its_last_day(pool, add_play) -> None:
    first = datetime.combine(first_day(ListeningSpan.FOUR_WEEKS, today=NOW.date()), datetime.min.time(), UTC)
    await add_play(first, user=FAN, track=TUNE, times=2)
    await add_play(first + DAY, user=FAN, track=TUNE)
    await add_play(first, user=FAN, track=SONG)
    await count(pool)
    assert await top(pool, ListeningSpan.FOUR_WEEKS) == {TUNE: 3, SONG: 1}
    midnight = datetime.combine(NOW.date() + DAY, datetime.min.time(), UTC)
    await count(pool, midnight - timedelta(seconds=1))
    assert await top(pool, ListeningSpan.FOUR_WEEKS) == {TUNE: 3, SONG: 1}
    await count(pool, midnight)
    assert await top(pool, ListeningSpan.FOUR_WEEKS) == {TUNE: 1}
    assert await top(pool, ListeningSpan.FOUR_WEEKS, table="top_artists") == {TUNE: 1}
    assert await top(pool, ListeningSpan.SIX_MONTHS) == {TUNE: 3, SONG: 1}


async def test_a_play_that_comes_late_is_not_counted_where_its_day_has_left(pool, add_play) -> None:
    await count(pool)
    await add_play(NOW - 29 * DAY, user=FAN, track=TUNE)
    await count(pool)
    assert [await top(pool, span) for span in ListeningSpan] == [{}, {TUNE: 1}, {TUNE: 1}]


async def test_days_are_kept_as_long_as_they_are_needed(pool, add_play) -> None:
    await add_play(NOW, user=FAN, track=TUNE)
    await count(pool)
    await count(pool, NOW + 181 * DAY)
    assert await pool.fetchval("SELECT count(*) FROM listening_days") == 1
    await count(pool, NOW + 182 * DAY)
    assert await pool.fetchval("SELECT count(*) FROM listening_days") == 0
    assert [await top(pool, span) for span in ListeningSpan] == [{}, {}, {TUNE: 1}]


async def test_whatever_comes_in_whatever_order_the_counts_are_those_of_the_plays(pool, add_play, monkeypatch) -> None:
    monkeypatch.setattr(rollup, "BATCH", 7)
    dice = random.Random(5)  # noqa: S311 -- the same plays every time
    plays: list[tuple[date, UUID]] = []
    now = NOW
    for _ in range(12):
        now += dice.choice([HOUR, DAY, 9 * DAY, 60 * DAY])
        for _ in range(10):
            played_at, track = now - dice.randrange(30) * DAY, dice.choice([TUNE, SONG, BAND])
            plays.append((played_at.date(), track))
            await add_play(played_at, user=FAN, track=track)
        await count(pool, now)
        for span in DAYS_OF:
            first = first_day(span, today=now.date())
            assert await top(pool, span) == Counter(track for day, track in plays if day >= first)
    assert await top(pool, ListeningSpan.ALL_TIME) == Counter(track for _, track in plays)


async def test_charts_hear_every_listener_a_few_times_a_day(pool, add_play) -> None:
    hour = NOW.replace(minute=0)
    await add_play(NOW, user=FAN, track=TUNE, times=3)
    await count(pool)
    await add_play(NOW, user=FAN, track=TUNE, times=50)
    await add_play(NOW, user=OTHER, track=TUNE, times=2)
    await count(pool)
    await add_play(NOW, user=FAN, track=TUNE)
    await count(pool)
    assert await heard(pool) == [(hour, "DE", TUNE, MOST_IN_CHARTS + 2)]
    await add_play(NOW + DAY, user=FAN, track=TUNE)
    await count(pool, NOW + DAY)
    assert (await heard(pool))[1:] == [(hour + DAY, "DE", TUNE, 1)]


async def test_what_is_played_in_private_is_the_listeners_alone(pool, add_play) -> None:
    await add_play(NOW, user=FAN, track=TUNE, private=True, times=2)
    await add_play(NOW - HOUR, user=FAN, track=TUNE, market="FR")
    await add_play(NOW, user=FAN, track=SONG, private=True)
    await count(pool)
    assert await top(pool, ListeningSpan.ALL_TIME) == {TUNE: 3, SONG: 1}
    assert await heard(pool) == [(NOW.replace(minute=0) - HOUR, "FR", TUNE, 1)]


async def test_what_is_too_old_for_any_chart_is_in_none(pool, add_play) -> None:
    await add_play(NOW - 8 * DAY, user=FAN, track=TUNE)
    await count(pool)
    assert await heard(pool) == []


@pytest.mark.parametrize("batch", [1, 2, 3])
async def test_a_batch_says_whether_it_was_all(pool, add_play, monkeypatch, batch: int) -> None:
    monkeypatch.setattr(rollup, "BATCH", batch)
    await add_play(NOW, user=FAN, track=TUNE, times=2)
    async with pool.acquire() as connection:
        assert await roll_up(connection, NOW) is (batch > 2)


async def test_a_batch_is_counted_row_by_row_whatever_postgresql_believes_of_its_size(pool) -> None:
    """By statistics of a moment in which nothing waited, all of its rows were compared with all others."""
    await pool.execute("VACUUM ANALYZE plays_waiting")
    given = (BATCH, ListeningSpan.SIX_MONTHS.value, MOST_IN_CHARTS, NOW, POPULARITY_FROM, 28)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off")
        plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {ROLL_UP}", *given))
    compared = [line for line in plan.splitlines() if "Join Filter" in line]
    assert len(compared) == 2, plan
    assert all("first_day" in line for line in compared), "with the spans, of which there are three"
    assert "Seq Scan" not in plan.replace("Seq Scan on listening_spans", "")
