import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from config.transactions import begun_again
from graph.changes.ledger import record_changes
from graph.keys import new_key
from graph.library import service, upkeep
from graph.library.shelves import FOLLOWED_ARTISTS, FOLLOWED_PLAYLISTS, FOLLOWED_USERS, LIKED_TRACKS, Shelf
from graph.library.upkeep import GRACE, keep_up
from graph.viewer import Role
from tests.graph.locks import waits

LATER = GRACE + timedelta(minutes=5)
PATIENCE_S = 60.0


@pytest.fixture
async def connection(pool) -> AsyncIterator[asyncpg.Connection]:
    async with pool.acquire() as held:
        yield held


async def keep(pool, shelf: Shelf, key: UUID, *listeners: UUID) -> None:
    for listener in listeners:
        seen = {"viewer_id": listener, "is_admin": False, "market": None, "now": datetime.now(UTC)}
        await service.keep(pool, shelf, listener_id=listener, key=key, seen=seen)


async def names(pool, shelf: Shelf) -> dict[UUID, str]:
    rows = await pool.fetch(f"SELECT {shelf.listener}, sort_name FROM {shelf.table}")  # noqa: S608 -- names of a shelf
    return {row[0]: row[1] for row in rows}


async def later(connection: Any) -> bool:
    return await keep_up(connection, datetime.now(UTC) + LATER)


@pytest.fixture
async def fans(add_user) -> list[UUID]:
    return [(await add_user(Role.LISTENER)).user_id for _ in range(5)]


@pytest.fixture
async def tracks(add_user, add_track) -> list[UUID]:
    owner = await add_user(Role.ARTIST)
    return [await add_track(owner, ready=60_000) for _ in range(2)]


async def test_a_new_name_reaches_every_library_in_portions(
    pool, tracks, fans, connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "PORTION", 2)
    track, _ = tracks
    await keep(pool, LIKED_TRACKS, track, *fans)
    await pool.execute("UPDATE tracks SET title = 'Ähre', search_text = E'ahre\\nband' WHERE id = $1", track)
    assert await keep_up(connection, datetime.now(UTC))
    assert set((await names(pool, LIKED_TRACKS)).values()) == {"tune"}, "too early: a like may be under way"
    assert await later(connection)
    assert await names(pool, LIKED_TRACKS) == dict.fromkeys(fans, "ahre")
    assert await pool.fetchval("SELECT count(*) FROM upkeep") == 0


async def test_what_is_deleted_leaves_every_library_and_the_feeds_hear_it(
    pool, tracks, fans, connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "PORTION", 2)
    track, stays = tracks
    await keep(pool, LIKED_TRACKS, track, *fans)
    await keep(pool, LIKED_TRACKS, stays, fans[0])
    await pool.execute("DELETE FROM tracks WHERE id = $1", track)
    recorded = 0

    async def record(held: Any, changes: Any) -> None:
        nonlocal recorded
        recorded += 1
        await record_changes(held, changes)
        if recorded == 2:  # what was removed and told is undone, and done again
            raise asyncpg.DeadlockDetectedError("deadlock detected")

    monkeypatch.setattr(upkeep, "record_changes", record)
    assert await later(connection)
    assert recorded == 4
    assert await names(pool, LIKED_TRACKS) == {fans[0]: "tune"}
    rows = await pool.fetch("SELECT user_id FROM changes WHERE key = $1 AND kind = 'liked_track' AND deleted", track)
    assert sorted(row["user_id"] for row in rows) == sorted(fans)


async def test_people_artists_and_playlists_are_kept_right_as_well(pool, add_user, fans, connection) -> None:
    idol, band, list_ = await add_user(Role.ARTIST), new_key(), new_key()
    await pool.execute(
        "INSERT INTO artists (id, owner_id, name, search_text) VALUES ($1, $2, 'A', 'a')", band, idol.user_id
    )
    await pool.execute(
        "INSERT INTO playlists (id, owner_id, name, folded_name, public) VALUES ($1, $2, 'A', 'a', true)",
        list_,
        idol.user_id,
    )
    for shelf, key in ((FOLLOWED_USERS, idol.user_id), (FOLLOWED_ARTISTS, band), (FOLLOWED_PLAYLISTS, list_)):
        await keep(pool, shelf, key, fans[0])
    await pool.execute("UPDATE users SET display_name = 'Zoë' WHERE id = $1", idol.user_id)
    await pool.execute("UPDATE artists SET name = 'Zoë', search_text = 'zoe' WHERE id = $1", band)
    await pool.execute("UPDATE playlists SET name = 'Zoë', folded_name = 'zoe' WHERE id = $1", list_)
    await later(connection)
    for shelf in (FOLLOWED_USERS, FOLLOWED_ARTISTS, FOLLOWED_PLAYLISTS):
        assert await names(pool, shelf) == {fans[0]: "zoe"}
    await pool.execute("DELETE FROM playlists WHERE id = $1", list_)
    await pool.execute("DELETE FROM artists WHERE id = $1", band)
    await pool.execute("DELETE FROM users WHERE id = $1", idol.user_id)
    await later(connection)
    for shelf in (FOLLOWED_USERS, FOLLOWED_ARTISTS, FOLLOWED_PLAYLISTS):
        assert await names(pool, shelf) == {}


async def test_what_is_written_anew_under_the_same_name_is_not_noted(pool, add_user, add_track) -> None:
    track = await add_track(await add_user(Role.ARTIST))
    await pool.execute("UPDATE tracks SET search_text = E'tune\\nanother band' WHERE id = $1", track)
    assert await pool.fetchval("SELECT count(*) FROM upkeep WHERE kind = 'liked_track'") == 0


async def test_a_run_says_whether_it_was_all(pool, add_user, add_track, connection, monkeypatch) -> None:
    monkeypatch.setattr(upkeep, "AT_ONCE", 2)
    for _ in range(3):
        await pool.execute("DELETE FROM tracks WHERE id = $1", await add_track(await add_user(Role.ARTIST)))
    assert [await later(connection) for _ in range(2)] == [False, True]


async def test_a_listener_who_leaves_meanwhile_keeps_nobody_from_coming_through(
    pool, tracks, fans, connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The upkeep holds the like and wants the account; the deletion holds the account and wants the like."""
    track, _ = tracks
    await keep(pool, LIKED_TRACKS, track, *fans)
    await pool.execute("DELETE FROM tracks WHERE id = $1", track)
    await pool.execute("TRUNCATE changes, change_feeds")  # a new row of a feed asks for its account
    removed, attempts = asyncio.Event(), 0

    async def record(held: Any, changes: Any) -> None:
        nonlocal attempts
        attempts += 1
        removed.set()
        await waits(pool, leaving)
        await record_changes(held, changes)

    @begun_again
    async def leave() -> None:
        nonlocal attempts
        attempts += 1
        await removed.wait()
        await pool.execute("DELETE FROM users WHERE id = $1", fans[0])

    monkeypatch.setattr(upkeep, "record_changes", record)
    leaving = asyncio.create_task(leave())
    async with asyncio.timeout(PATIENCE_S):
        assert await later(connection)
        await leaving
    assert attempts > 2, "one of the two made way and began again"
    assert await names(pool, LIKED_TRACKS) == {}
    told = await pool.fetch("SELECT user_id FROM changes WHERE key = $1 AND deleted", track)
    assert {row["user_id"] for row in told} == set(fans[1:])
