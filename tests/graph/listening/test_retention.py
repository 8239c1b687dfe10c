"""Months of plays that are over for so long go as a whole; what was counted of them stays."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from graph.keys import new_key
from graph.listening import retention
from graph.listening.months import make_months
from graph.listening.plays import LATEST
from graph.listening.retention import drop_months
from graph.listening.rollup import roll_up

NOW = datetime(2031, 3, 1, 12, tzinfo=UTC)  # years after any month that the migrations make
FAN, TUNE, SONG = (UUID(int=n) for n in range(1, 4))
MONTHS = ("2030-10-15", "2030-11-15", "2030-12-15", "2031-01-30", "2031-03-01")


async def play(pool: Any, day: str, *, track: UUID) -> None:
    played_at = datetime.fromisoformat(day).replace(tzinfo=UTC)
    await pool.execute(
        "INSERT INTO plays (id, user_id, track_id, artist_id, market, played_at, played_ms, private)"
        " VALUES ($1, $2, $3, $3, 'DE', $4, 1, false)",
        new_key(),
        FAN,
        track,
        played_at,
    )
    await pool.execute(
        "INSERT INTO recent_tracks VALUES ($1, $2, $3) ON CONFLICT (user_id, track_id) DO UPDATE SET played_at = $3",
        FAN,
        track,
        played_at,
    )


async def kept(pool: Any) -> list[str]:
    return [f"{row[0]:%Y-%m-%d}" for row in await pool.fetch("SELECT played_at FROM plays ORDER BY played_at")]


@pytest.fixture
async def plays(pool) -> Any:
    for month in MONTHS:
        await pool.execute("SELECT make_month_of_plays($1)", datetime.fromisoformat(month).date())
        await play(pool, month, track=SONG if month < "2030-12" else TUNE)
    return pool


@pytest.mark.parametrize(
    ("months", "left"),
    [(0, MONTHS), (1, MONTHS[3:]), (2, MONTHS[3:]), (3, MONTHS[2:]), (5, MONTHS), (99_999, MONTHS)],
)
async def test_months_go_when_they_are_over_for_so_long(plays, months: int, left: tuple[str, ...]) -> None:
    async with plays.acquire() as connection:
        for _ in range(2):
            assert await drop_months(connection, NOW, kept_months=months)
            await make_months(connection, NOW)
    assert await kept(plays) == list(left)
    assert await plays.fetchval("SELECT count(*) FROM plays_astray") == 0
    assert (NOW - LATEST).date().isoformat() >= MONTHS[3], "a report of today falls into a month that is there"


async def test_what_was_counted_and_what_was_played_since_stays(
    plays, add_play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PORTION", 1)
    await add_play(datetime(2030, 10, 15, tzinfo=UTC), user=FAN, track=SONG, times=3)
    async with plays.acquire() as connection:
        await drop_months(connection, NOW, kept_months=1)
        await roll_up(connection, NOW)
    assert await plays.fetchval("SELECT plays FROM top_tracks WHERE span = 'all_time'") == 3
    assert [row[0] for row in await plays.fetch("SELECT track_id FROM recent_tracks")] == [TUNE]


async def test_the_months_wait_their_turn_without_keeping_reports_out(plays, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PATIENCE", timedelta(seconds=1))
    async with plays.acquire() as reader, reader.transaction(), plays.acquire() as connection:
        await reader.fetch("SELECT FROM plays_2030_10")
        assert await drop_months(connection, NOW, kept_months=1), "the next run is hours away, not seconds"
    assert await kept(plays) == list(MONTHS)
