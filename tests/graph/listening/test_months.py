import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from graph.keys import new_key
from graph.listening.months import KEYS_KEPT, make_months

NOW = datetime(2031, 3, 1, 12, tzinfo=UTC)  # years after any month that the migrations make
AHEAD = ["plays_2031_01", "plays_2031_02", "plays_2031_03", "plays_2031_04", "plays_2031_05", "plays_2031_06"]
PARTITIONS = """
SELECT child.relname FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
WHERE inhparent = 'plays'::regclass AND child.relname >= 'plays_2031' AND child.relname < 'plays_a' ORDER BY 1
"""


async def add_play(pool, played_at: datetime) -> None:
    await pool.execute(
        "INSERT INTO plays (id, user_id, track_id, artist_id, market, played_at, played_ms, private)"
        " VALUES ($1, $1, $1, $1, 'DE', $2, 1, false)",
        new_key(),
        played_at,
    )


async def where(pool) -> list[tuple[str, datetime]]:
    rows = await pool.fetch("SELECT tableoid::regclass::text, played_at FROM plays ORDER BY played_at")
    return [tuple(row) for row in rows]


async def test_the_migrations_make_the_months_around_today(pool) -> None:
    today = datetime.now(UTC)
    for days in (-32, -28, 0, 28, 62):
        await add_play(pool, today + timedelta(days=days))
    assert await pool.fetchval("SELECT count(*) FROM plays_astray") == 0


async def test_months_are_made_ahead_and_again_is_nothing(pool) -> None:
    async with pool.acquire() as connection:
        assert [await make_months(connection, NOW) for _ in range(2)] == [True, True]
    assert [row[0] for row in await pool.fetch(PARTITIONS)] == AHEAD


async def test_months_that_are_made_twice_at_once_are_made_once(pool) -> None:
    async with pool.acquire() as one, pool.acquire() as other:
        assert await asyncio.gather(make_months(one, NOW), make_months(other, NOW)) == [True, True]
    assert [row[0] for row in await pool.fetch(PARTITIONS)] == AHEAD


async def test_plays_that_went_astray_are_moved_into_their_month(pool) -> None:
    begins, ends = datetime(2031, 3, 1, tzinfo=UTC), datetime(2031, 4, 1, tzinfo=UTC) - timedelta(microseconds=1)
    ago = datetime(2030, 7, 4, tzinfo=UTC)  # of a month that no run of today would make
    for played_at in (ago, begins, ends):
        await add_play(pool, played_at)
    assert {table for table, _ in await where(pool)} == {"plays_astray"}
    async with pool.acquire() as connection:
        await make_months(connection, NOW)
    assert await where(pool) == [("plays_2030_07", ago), ("plays_2031_03", begins), ("plays_2031_03", ends)]
    await add_play(pool, begins)
    assert await pool.fetchval("SELECT count(*) FROM plays_2031_03") == 3
    assert await pool.fetchval("SELECT count(*) FROM pg_indexes WHERE tablename = 'plays_2031_03'") == 1


async def test_plays_are_reported_while_their_month_is_made(pool) -> None:
    done = asyncio.Event()
    written = 0

    async def report() -> None:
        nonlocal written
        while not done.is_set():
            await add_play(pool, NOW)
            written += 1

    reporters = [asyncio.create_task(report()) for _ in range(3)]
    async with pool.acquire() as connection:
        await make_months(connection, NOW)
    done.set()
    answers = await asyncio.gather(*reporters, return_exceptions=True)
    # A report that waited for the lock finds its place taken; it is told, not lost.
    assert all(answer is None or "violates partition constraint" in str(answer) for answer in answers)
    assert await pool.fetchval("SELECT count(*) FROM plays") == written
    assert await pool.fetchval("SELECT count(*) FROM plays_astray") == 0


async def test_a_month_waits_its_turn_without_keeping_reports_out_for_long(
    pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.listening.months.PATIENCE", timedelta(seconds=1))
    await add_play(pool, NOW)
    async with pool.acquire() as reader, reader.transaction():
        await reader.fetch("SELECT FROM plays_astray")
        async with pool.acquire() as connection:
            with pytest.raises(Exception, match="lock timeout"):
                await make_months(connection, NOW)
    async with pool.acquire() as connection:
        await make_months(connection, NOW)
    assert [table for table, _ in await where(pool)] == ["plays_2031_03"]


async def test_keys_are_forgotten_when_no_report_may_be_as_late(pool) -> None:
    for key, age in (("kept", KEYS_KEPT), ("gone", KEYS_KEPT + timedelta(seconds=1))):
        await pool.execute("INSERT INTO play_keys VALUES ($1, $2, $3)", new_key(), key, NOW - age)
    async with pool.acquire() as connection:
        await make_months(connection, NOW)
    assert [row["client_key"] for row in await pool.fetch("SELECT client_key FROM play_keys")] == ["kept"]
