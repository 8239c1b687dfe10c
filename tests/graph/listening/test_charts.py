import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from graph.listening import charts
from graph.listening.charts import chart_key, write_charts, write_daily, write_weekly
from graph.listening.spans import ChartSpan
from graph.viewer import Role

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
TUNE, SONG, JINGLE = (UUID(int=n) for n in range(1, 4))
JAZZ = UUID(int=9)


async def hear(pool, track: UUID, plays: int, *, hours_ago: int = 0, market: str = "DE") -> None:
    hour = NOW.replace(minute=0) - hours_ago * HOUR
    await pool.execute("INSERT INTO track_hours VALUES ($1, $2, $3, $4)", hour, market, track, plays)


async def chart(pool, span=ChartSpan.DAY, *, market=None, genre=None) -> list[tuple[int, UUID, float]]:
    rows = await pool.fetch(
        "SELECT place, track_id, score FROM chart_entries WHERE chart_id = $1 ORDER BY place",
        chart_key(span, market=market, genre_id=genre),
    )
    return [tuple(row) for row in rows]


async def write(pool, span: ChartSpan = ChartSpan.DAY, now: datetime = NOW) -> None:
    async with pool.acquire() as connection:
        await write_charts(connection, span, now=now)


async def test_plays_count_less_the_longer_ago_they_were(pool) -> None:
    await hear(pool, TUNE, 10)
    await hear(pool, SONG, 16, hours_ago=6)
    await hear(pool, SONG, 4, hours_ago=12)
    await hear(pool, JINGLE, 1_000, hours_ago=24)
    await write(pool)
    assert await chart(pool) == [(1, TUNE, 10.0), (2, SONG, 9.0)]
    await write(pool, ChartSpan.WEEK)
    assert [place[1] for place in await chart(pool, ChartSpan.WEEK)] == [JINGLE, SONG, TUNE]


async def test_every_country_has_its_own_and_all_have_one_together(pool) -> None:
    await hear(pool, TUNE, 3, market="DE")
    await hear(pool, TUNE, 2, market="FR")
    await hear(pool, SONG, 4, market="FR")
    await write(pool)
    assert await chart(pool, market="DE") == [(1, TUNE, 3.0)]
    assert await chart(pool, market="FR") == [(1, SONG, 4.0), (2, TUNE, 2.0)]
    assert await chart(pool) == [(1, TUNE, 5.0), (2, SONG, 4.0)]
    assert await chart(pool, market="GB") == []


async def test_genres_have_charts_of_their_own(pool, add_user, add_track) -> None:
    artist = await add_user(Role.ARTIST)
    jazz, rock = await add_track(artist), await add_track(artist)
    await pool.execute("INSERT INTO genres (id, slug, name) VALUES ($1, 'jazz', 'Jazz')", JAZZ)
    await pool.execute("INSERT INTO track_genres (genre_id, track_id, position) VALUES ($1, $2, 1)", JAZZ, jazz)
    await hear(pool, jazz, 3)
    await hear(pool, rock, 4)
    await write(pool)
    assert await chart(pool, genre=JAZZ) == await chart(pool, genre=JAZZ, market="DE") == [(1, jazz, 3.0)]
    assert [place[1] for place in await chart(pool, market="DE")] == [rock, jazz]


async def test_a_chart_is_written_anew_as_a_whole(pool) -> None:
    await hear(pool, TUNE, 1)
    await write(pool)
    await write(pool, now=NOW + 6 * HOUR)
    assert await chart(pool) == [(1, TUNE, 0.5)]
    await write(pool, now=NOW + 24 * HOUR)
    assert await chart(pool) == []


async def test_charts_that_are_written_twice_at_once_are_written_once(pool) -> None:
    await hear(pool, TUNE, 1)
    await asyncio.gather(*(write(pool) for _ in range(4)))
    assert await chart(pool) == [(1, TUNE, 1.0)]


async def test_a_chart_is_cut_behind_its_last_place(pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "LENGTH", 2)
    for plays, track in enumerate((TUNE, SONG, JINGLE), 1):
        await hear(pool, track, plays)
    await write(pool)
    assert [place[:2] for place in await chart(pool)] == [(1, JINGLE), (2, SONG)]


async def test_tracks_that_are_heard_alike_have_a_stable_order(pool) -> None:
    for track in (JINGLE, TUNE, SONG):
        await hear(pool, track, 1)
    await write(pool)
    assert [place[1] for place in await chart(pool)] == [TUNE, SONG, JINGLE]


async def test_hours_that_are_in_no_chart_are_forgotten(pool) -> None:
    await hear(pool, TUNE, 1, hours_ago=167)
    await hear(pool, SONG, 1, hours_ago=168)
    async with pool.acquire() as connection:
        assert await write_daily(connection, NOW)
        assert await pool.fetchval("SELECT count(*) FROM track_hours") == 2
        assert await write_weekly(connection, NOW)
    assert [row["track_id"] for row in await pool.fetch("SELECT track_id FROM track_hours")] == [TUNE]
    assert [place[1] for place in await chart(pool, ChartSpan.WEEK)] == [TUNE]
