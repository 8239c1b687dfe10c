from datetime import UTC, datetime, timedelta

from graph.listening.forgetting import GRACE, forget_listeners
from graph.listening.plays import Report
from graph.listening.rollup import roll_up
from graph.listening.service import report_plays
from graph.viewer import Role

NOW = datetime.now(UTC)
TABLES = ("plays", "plays_waiting", "play_keys", "recent_tracks", "listening_days", "top_tracks", "top_artists")


async def stored(pool, condition: str = "true", *values: object) -> dict[str, int]:
    return {
        table: await pool.fetchval(f"SELECT count(*) FROM {table} WHERE {condition}", *values)  # noqa: S608 -- names of this file
        for table in TABLES
    }


async def test_what_the_listener_of_a_deleted_account_has_played_is_forgotten(pool, add_user, add_track) -> None:
    track = await add_track(await add_user(Role.ARTIST), ready=60_000)
    leaving, staying = [(await add_user(Role.LISTENER)).user_id for _ in range(2)]
    async with pool.acquire() as connection:
        for key in ("counted", "waiting"):
            told = [Report(client_key=key, track_id=track, started_at=NOW - timedelta(minutes=2), played_ms=60_000)]
            for listener in (leaving, staying):
                await report_plays(pool, told, listener_id=listener, market="DE", now=NOW)
            if key == "counted":
                await roll_up(connection, NOW)
        before = await stored(pool)
        await pool.execute("DELETE FROM users WHERE id = $1", leaving)

        # A report that was under way may still be written.
        assert await forget_listeners(connection, datetime.now(UTC))
        assert await stored(pool) == before

        assert await forget_listeners(connection, datetime.now(UTC) + GRACE + timedelta(seconds=1))
    assert await stored(pool, "user_id = $1", leaving) == dict.fromkeys(TABLES, 0)
    assert await stored(pool) == {table: rows / 2 for table, rows in before.items()}
    assert await pool.fetchval("SELECT count(*) FROM upkeep WHERE kind = 'listener'") == 0
