import asyncio
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from appliance.synth.filling import DatabaseInUse, fill
from appliance.synth.sizes import Order, Sizes
from appliance.synth.whole import NAMES, tables
from graph.listening.spans import popularity_weight
from graph.search.text import index_text

SMALL = Sizes(tracks=2000, artists=200, albums=300, playlists=100, listeners=50)
ORDER = Order(sizes=SMALL, seed=7, now=datetime(2026, 3, 1, tzinfo=UTC))
PATIENCE_S = 60.0
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND waitstart <= clock_timestamp() - $1::text::interval"
SEGUE = Path(sys.executable).with_name("segue")


@pytest.fixture
def filled(environment: dict[str, str]) -> str:
    url = environment["SEGUE_POSTGRES_URL"]
    asyncio.run(fill_database(url))
    return url


async def fill_database(url: str) -> int:
    return await fill(url, tables(ORDER), now=ORDER.now, say=lambda _line: None)


def asked(url: str, statement: str, *arguments: Any) -> list[asyncpg.Record]:
    async def ask() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetch(statement, *arguments)
        finally:
            await connection.close()

    return asyncio.run(ask())


def count(url: str, table: str) -> int:
    found: int = asked(url, f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608 -- a table of the test's
    return found


def test_fills_every_table_to_its_size(filled: str) -> None:
    for table, size in {"tracks": 2000, "artists": 200, "albums": 300, "assets": 2000}.items():
        assert count(filled, table) == size, table
    assert asked(filled, "SELECT count(*) FROM users WHERE role = 'listener'")[0][0] == 50


def test_every_table_that_is_filled_is_taken_before() -> None:
    assert tuple(dict.fromkeys(table.name for table in tables(ORDER))) == NAMES


async def test_a_fill_that_meets_a_schedule_begins_again(environment: dict[str, str]) -> None:
    """The schedule holds a later table and waits for an earlier one; the fill is last in the circle and is ended."""
    schedule, other, watcher = [await asyncpg.connect(environment["SEGUE_POSTGRES_URL"]) for _ in range(3)]

    async def waiting(count: int, *, long: str = "0") -> None:
        while await watcher.fetchval(WAITING, long) < count:
            await asyncio.sleep(0.01)

    async with asyncio.timeout(PATIENCE_S), schedule.transaction():
        await schedule.execute("SELECT FROM licences")
        async with other.transaction():
            await other.execute("SELECT FROM tracks")
            filling = asyncio.create_task(fill_database(environment["SEGUE_POSTGRES_URL"]))
            await waiting(1)
            held = asyncio.create_task(schedule.execute("SELECT FROM albums"))
            # Who waits looks for a circle once, after a second: by then there must be none.
            await waiting(2, long="1.5 s")
        await held
    assert await filling > SMALL.tracks
    for connection in (schedule, other, watcher):
        await connection.close()


def test_every_track_is_ready_and_agrees_with_its_album(filled: str) -> None:
    (odd,) = asked(
        filled,
        "SELECT count(*) FILTER (WHERE asset.status IS DISTINCT FROM 'ready'),"
        " count(*) FILTER (WHERE album.artist_id <> track.artist_id),"
        " count(*) FILTER (WHERE track.album_id IS NULL)"
        " FROM tracks track LEFT JOIN assets asset USING (asset_id)"
        " LEFT JOIN albums album ON album.id = track.album_id",
    )
    assert tuple(odd) == (0, 0, 200)


def test_few_artists_have_many_tracks_and_most_have_few(filled: str) -> None:
    counts = [row[0] for row in asked(filled, "SELECT count(*) FROM tracks GROUP BY artist_id ORDER BY 1 DESC")]
    assert sum(counts[: SMALL.artists // 10]) > 2000 / 3
    assert counts[len(counts) // 2] < 10


def test_what_is_searched_is_what_the_catalogue_would_store(filled: str) -> None:
    rows = asked(
        filled,
        "SELECT track.search_text, track.title, artist.name, album.title AS album FROM tracks track"
        " JOIN artists artist ON artist.id = track.artist_id LEFT JOIN albums album ON album.id = track.album_id",
    )
    assert [row["search_text"] for row in rows] == [
        index_text(row["title"], row["name"], row["album"] or "") for row in rows
    ]


def test_the_same_seed_and_day_make_the_same_rows() -> None:
    first, second = ([(table.name, list(table.rows)) for table in tables(ORDER)] for _ in range(2))
    assert first == second


def test_another_seed_makes_others() -> None:
    other = Order(sizes=SMALL, seed=8, now=ORDER.now)
    assert [list(table.rows) for table in tables(other)] != [list(table.rows) for table in tables(ORDER)]


def test_a_database_that_holds_anything_is_left_as_it_is(filled: str) -> None:
    with pytest.raises(DatabaseInUse, match="already holds users"):
        asyncio.run(fill(filled, tables(ORDER), now=ORDER.now, say=lambda _line: None))
    assert count(filled, "tracks") == 2000


def test_what_is_stopped_leaves_nothing(environment: dict[str, str]) -> None:
    def stopped() -> Iterator[Any]:
        for table in tables(ORDER):
            if table.name == "assets":
                raise KeyboardInterrupt
            yield table

    url = environment["SEGUE_POSTGRES_URL"]
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(fill(url, stopped(), now=ORDER.now, say=lambda _line: None))
    assert count(url, "users") == 0


def test_the_command_tells_what_it_has_done(environment: dict[str, str]) -> None:
    sizes = [part for name in ("tracks", "artists", "albums", "playlists", "listeners") for part in (f"--{name}", "9")]
    outcome = subprocess.run(
        [SEGUE, "synth", *sizes, "--now", "2026-03-01"],
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (outcome.returncode, outcome.stdout.split()[1:2]) == (0, ["rows."]), outcome.stderr
    assert count(environment["SEGUE_POSTGRES_URL"], "tracks") == 9


def test_what_is_counted_is_what_was_played(filled: str) -> None:
    played = "SELECT user_id, track_id, count(*) FROM plays GROUP BY 1, 2 ORDER BY 1, 2"
    counted = "SELECT user_id, track_id, plays FROM top_tracks WHERE span = 'all_time' ORDER BY 1, 2"
    assert asked(filled, played) == asked(filled, counted)
    last = "SELECT user_id, track_id, max(played_at) FROM plays GROUP BY 1, 2 ORDER BY 1, 2"
    assert asked(filled, last) == asked(filled, "SELECT * FROM recent_tracks ORDER BY 1, 2")
    days = "SELECT sum(plays) FROM listening_days"
    assert asked(filled, days) == asked(filled, "SELECT count(*) FROM plays")
    assert asked(filled, "SELECT count(*) FROM plays_astray")[0][0] == 0


def test_artists_are_known_for_what_was_played(filled: str) -> None:
    played = "SELECT track_id, count(*) FROM plays GROUP BY 1 ORDER BY 1"
    assert asked(filled, played) == asked(
        filled, "SELECT track_id, plays FROM track_popularity WHERE plays > 0 ORDER BY 1"
    )
    assert count(filled, "track_popularity") == SMALL.tracks
    (worth,) = asked(filled, "SELECT sum(score) FROM track_popularity")
    days = asked(filled, "SELECT (played_at AT TIME ZONE 'UTC')::date AS day, count(*) AS plays FROM plays GROUP BY 1")
    assert worth[0] == pytest.approx(sum(row["plays"] * popularity_weight(row["day"]) for row in days))


def test_indexes_are_there_again(filled: str, services: Any) -> None:
    definitions = "SELECT indexdef FROM pg_indexes WHERE tablename NOT LIKE 'plays%' ORDER BY 1"
    assert asked(filled, definitions) == asked(services.postgres_url("segue_template"), definitions)
