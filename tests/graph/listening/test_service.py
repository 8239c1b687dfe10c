import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from graph.errors import Forbidden, ProblemCode
from graph.keys import new_key
from graph.listening.plays import Outcome, Report
from graph.listening.service import report_plays
from graph.viewer import Role

NOW = datetime.now(UTC)
MINUTE = timedelta(minutes=1)


def report(track: UUID, key: str, *, ago: timedelta = 5 * MINUTE, played_ms: int = 60_000) -> Report:
    return Report(client_key=key, track_id=track, started_at=NOW - ago, played_ms=played_ms)


@pytest.fixture
async def listener(add_user) -> UUID:
    return (await add_user(Role.LISTENER)).user_id


@pytest.fixture
async def track(add_user, add_track) -> UUID:
    return await add_track(await add_user(Role.ARTIST), ready=180_000)


async def outcomes(pool, listener: UUID, *reports: Report, **more: Any) -> list[Outcome]:
    told = await report_plays(pool, reports, listener_id=listener, market="DE", now=NOW, **more)
    assert [one.report for one in told] == list(reports)
    return [one.outcome for one in told]


async def stored(pool, table: str = "plays") -> int:
    return await pool.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608 -- names of this file


async def test_a_play_is_kept_with_everything_that_is_known_of_it(pool, listener: UUID, track: UUID) -> None:
    assert await outcomes(pool, listener, report(track, "a", ago=16 * MINUTE, played_ms=999_000)) == [Outcome.COUNTED]
    row = dict(await pool.fetchrow("SELECT * FROM plays"))
    artist = await pool.fetchval("SELECT artist_id FROM tracks WHERE id = $1", track)
    assert row.pop("id") is not None
    assert row == {
        "user_id": listener,
        "track_id": track,
        "artist_id": artist,
        "market": "DE",
        # It cannot have ended after now, and no track is heard for longer than it is.
        "played_at": NOW - timedelta(milliseconds=999_000),
        "played_ms": 180_000,
        "private": False,
    }
    assert await pool.fetchval("SELECT tableoid::regclass::text FROM plays") == f"plays_{row['played_at']:%Y_%m}"


async def test_the_same_key_counts_once_for_a_listener(pool, add_user, listener: UUID, track: UUID) -> None:
    assert await outcomes(pool, listener, report(track, "a")) == [Outcome.COUNTED]
    again = report(track, "a", ago=7 * MINUTE, played_ms=90_000)
    assert await outcomes(pool, listener, again, report(track, "b"), again) == [
        Outcome.COUNTED_BEFORE,
        Outcome.COUNTED,
        Outcome.COUNTED_BEFORE,
    ]
    other = (await add_user(Role.LISTENER)).user_id
    assert await outcomes(pool, other, report(track, "a")) == [Outcome.COUNTED]
    assert [await stored(pool, table) for table in ("plays", "plays_waiting", "play_keys")] == [3, 3, 3]


async def test_the_same_key_twice_in_one_report_counts_once(pool, listener: UUID, track: UUID) -> None:
    twice = [report(track, "a"), report(track, "a", ago=9 * MINUTE)]
    assert await outcomes(pool, listener, *twice) == [Outcome.COUNTED, Outcome.COUNTED_BEFORE]
    assert await stored(pool) == 1


async def test_the_same_plays_reported_at_once_and_in_another_order_count_once(
    pool, listener: UUID, track: UUID
) -> None:
    reports = [report(track, f"key {n}") for n in range(20)]
    told = await asyncio.gather(
        *(outcomes(pool, listener, *(reports if turn % 2 else reversed(reports))) for turn in range(8))
    )
    counted = [outcome for one in told for outcome in one if outcome is Outcome.COUNTED]
    assert len(counted) == 20
    assert [await stored(pool, table) for table in ("plays", "plays_waiting", "play_keys")] == [20, 20, 20]


async def test_what_is_too_short_is_not_kept_and_may_be_reported_again(pool, listener: UUID, track: UUID) -> None:
    assert await outcomes(pool, listener, report(track, "a", played_ms=29_999)) == [Outcome.TOO_SHORT]
    assert await stored(pool, "play_keys") == 0
    assert await outcomes(pool, listener, report(track, "a", played_ms=30_000)) == [Outcome.COUNTED]
    both = [report(track, "b", played_ms=29_999), report(track, "b", played_ms=30_000)]
    assert await outcomes(pool, listener, *both) == [Outcome.TOO_SHORT, Outcome.COUNTED]


async def test_half_of_a_short_track_counts(pool, add_user, add_track, listener: UUID) -> None:
    jingle = await add_track(await add_user(Role.ARTIST), ready=10_000)
    told = [report(jingle, "a", played_ms=4_999), report(jingle, "b", played_ms=5_000)]
    assert await outcomes(pool, listener, *told) == [Outcome.TOO_SHORT, Outcome.COUNTED]


async def test_what_is_refused_does_not_keep_the_others_out(pool, add_user, add_track, listener: UUID, track) -> None:
    unready = await add_track(await add_user(Role.ARTIST))
    told = await report_plays(
        pool,
        [
            report(new_key(), "a"),
            report(unready, "b"),
            report(track, "c", ago=31 * timedelta(days=1)),
            report(track, "d"),
        ],
        listener_id=listener,
        market="DE",
        now=NOW,
    )
    assert [(one.outcome, one.problem and (one.problem.code, one.problem.field)) for one in told] == [
        (Outcome.REFUSED, (ProblemCode.NOT_FOUND, ("trackId",))),
        (Outcome.REFUSED, (ProblemCode.NOT_FOUND, ("trackId",))),
        (Outcome.REFUSED, (ProblemCode.INVALID_VALUE, ("startedAt",))),
        (Outcome.COUNTED, None),
    ]
    assert await stored(pool) == 1


async def test_what_was_never_out_was_played_by_nobody_but_its_artist(pool, listener: UUID, track) -> None:
    album = new_key()
    artist = await pool.fetchrow("SELECT id, owner_id FROM artists")
    await pool.execute(
        "INSERT INTO albums (id, artist_id, title, search_text) VALUES ($1, $2, 'Water', 'water')", album, artist["id"]
    )
    await pool.execute("UPDATE tracks SET album_id = $1 WHERE id = $2", album, track)
    minute = timedelta(minutes=1)
    for number, (state, live_at, outcome) in enumerate(
        (
            ("draft", None, Outcome.REFUSED),
            ("scheduled", NOW + minute, Outcome.REFUSED),
            ("scheduled", NOW - minute, Outcome.COUNTED),
            ("live", None, Outcome.COUNTED),
            ("withdrawn", None, Outcome.COUNTED),
        )
    ):
        await pool.execute("UPDATE albums SET state = $1, live_at = $2", state, live_at)
        assert await outcomes(pool, listener, report(track, f"{number}")) == [outcome]
        assert await outcomes(pool, artist["owner_id"], report(track, f"{number}")) == [Outcome.COUNTED]


async def test_what_was_heard_before_it_was_withdrawn_counts_afterwards(pool, listener: UUID, track: UUID) -> None:
    await pool.execute("UPDATE tracks SET withdrawn_at = now()")
    await pool.execute("INSERT INTO licences (id, track_id, market) VALUES ($1, $2, 'NZ')", new_key(), track)
    assert await outcomes(pool, listener, report(track, "a", ago=timedelta(days=3))) == [Outcome.COUNTED]


async def test_a_track_stands_once_among_the_recent_ones_by_its_last_play(pool, listener: UUID, track: UUID) -> None:
    await outcomes(pool, listener, report(track, "a", ago=5 * MINUTE), report(track, "b", ago=9 * MINUTE))
    await outcomes(pool, listener, report(track, "late", ago=timedelta(days=3)))
    assert [tuple(row) for row in await pool.fetch("SELECT user_id, track_id, played_at FROM recent_tracks")] == [
        (listener, track, NOW - 5 * MINUTE)
    ]


async def test_plays_in_private_are_marked(pool, listener: UUID, track: UUID) -> None:
    await pool.execute("UPDATE users SET listening_private = true WHERE id = $1", listener)
    await outcomes(pool, listener, report(track, "a"))
    assert await pool.fetchval("SELECT private FROM plays") is True
    assert await pool.fetchval("SELECT private FROM plays_waiting") is True


async def test_a_deleted_account_reports_nothing(pool, track: UUID) -> None:
    with pytest.raises(Forbidden):
        await outcomes(pool, new_key(), report(track, "a"))
    assert await stored(pool) == 0


async def test_a_report_goes_astray_rather_than_missing_when_there_is_no_month(pool, listener: UUID, track) -> None:
    await pool.execute(f"DROP TABLE plays_{NOW - 5 * MINUTE:%Y_%m}")
    assert await outcomes(pool, listener, report(track, "a")) == [Outcome.COUNTED]
    assert await stored(pool, "plays_astray") == 1
    assert await outcomes(pool, listener, report(track, "a")) == [Outcome.COUNTED_BEFORE]


async def test_a_report_that_waits_while_its_month_is_made_finds_its_place(pool, listener: UUID, track: UUID) -> None:
    month = (NOW - 5 * MINUTE).date().replace(day=1)
    await pool.execute(f"DROP TABLE plays_{month:%Y_%m}")
    async with pool.acquire() as connection:
        making = connection.transaction()
        await making.start()
        await connection.execute("SELECT make_month_of_plays($1)", month)
        reporting = asyncio.create_task(outcomes(pool, listener, report(track, "a")))
        async with asyncio.timeout(60):
            while not await pool.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                await asyncio.sleep(0.01)
        await making.commit()
    assert await reporting == [Outcome.COUNTED]
    assert await stored(pool, f"plays_{month:%Y_%m}") == 1
