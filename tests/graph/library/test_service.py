import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from graph.errors import Forbidden, ProblemCode, Refused
from graph.keys import new_key
from graph.library import service
from graph.library.shelves import (
    FOLLOWED_ARTISTS,
    FOLLOWED_PLAYLISTS,
    FOLLOWED_USERS,
    LIKED_TRACKS,
    SAVED_ALBUMS,
    SHELVES,
    Shelf,
    sort_name,
)
from graph.viewer import Role

AddThing = Callable[[Shelf], Awaitable[UUID]]
every_shelf = pytest.mark.parametrize("shelf", SHELVES.values(), ids=lambda shelf: shelf.kind.value)


def seen(viewer_id: UUID, *, market: str | None = None) -> dict[str, Any]:
    return {"viewer_id": viewer_id, "is_admin": False, "market": market, "now": datetime.now(UTC)}


async def keep(pool, shelf: Shelf, listener: UUID, key: UUID) -> None:
    await service.keep(pool, shelf, listener_id=listener, key=key, seen=seen(listener))


async def kept(pool, shelf: Shelf) -> list[tuple[Any, ...]]:
    columns = f"{shelf.listener}, {shelf.subject}, sort_name"
    return [tuple(row) for row in await pool.fetch(f"SELECT {columns} FROM {shelf.table} ORDER BY sort_name")]  # noqa: S608 -- names of a shelf


async def told(pool) -> list[tuple[Any, ...]]:
    rows = await pool.fetch("SELECT user_id, kind, key, deleted FROM changes ORDER BY number")
    return [tuple(row) for row in rows]


@pytest.fixture
async def listener(add_user) -> UUID:
    return (await add_user(Role.LISTENER)).user_id


@pytest.fixture
def add_thing(pool, add_user, add_track) -> AddThing:
    """Add what may stand on a shelf, called `Élan!`, which is `elan` where it is sorted."""

    async def add(shelf: Shelf) -> UUID:
        owner = await add_user(Role.ARTIST)
        track = await add_track(owner, ready=60_000)
        artist = await pool.fetchval(
            "UPDATE artists SET name = 'Élan!' WHERE owner_id = $1 RETURNING id", owner.user_id
        )
        await pool.execute("UPDATE tracks SET title = 'Élan!' WHERE id = $1", track)
        await pool.execute("UPDATE users SET display_name = 'Élan!' WHERE id = $1", owner.user_id)
        if shelf is SAVED_ALBUMS:
            return await pool.fetchval(
                "INSERT INTO albums (id, artist_id, title, search_text) VALUES ($1, $2, 'Élan!', 'elan') RETURNING id",
                new_key(),
                artist,
            )
        if shelf is FOLLOWED_PLAYLISTS:
            return await pool.fetchval(
                "INSERT INTO playlists (id, owner_id, name, folded_name, public)"
                " VALUES ($1, $2, 'Élan!', 'elan', true) RETURNING id",
                new_key(),
                owner.user_id,
            )
        return {LIKED_TRACKS.kind: track, FOLLOWED_ARTISTS.kind: artist, FOLLOWED_USERS.kind: owner.user_id}[shelf.kind]

    return add


@every_shelf
async def test_keeping_twice_is_keeping_once_and_told_once(pool, listener: UUID, add_thing, shelf: Shelf) -> None:
    key = await add_thing(shelf)
    for _ in range(2):
        await keep(pool, shelf, listener, key)
    assert await kept(pool, shelf) == [(listener, key, "elan")]
    assert await told(pool) == [(listener, shelf.kind.value, key, False)]


@every_shelf
async def test_dropping_takes_one_away_and_again_nothing(pool, add_user, listener, add_thing, shelf: Shelf) -> None:
    other = (await add_user(Role.LISTENER)).user_id
    key, stays = await add_thing(shelf), await add_thing(shelf)
    for who, what in ((listener, key), (listener, stays), (other, key)):
        await keep(pool, shelf, who, what)
    for _ in range(2):
        await service.drop(pool, shelf, listener_id=listener, key=key)
    assert sorted(await kept(pool, shelf)) == sorted([(listener, stays, "elan"), (other, key, "elan")])
    assert [change for change in await told(pool) if change[3]] == [(listener, shelf.kind.value, key, True)]


@every_shelf
async def test_all_at_once_ends_with_one_row_or_none(pool, listener: UUID, add_thing, shelf: Shelf) -> None:
    key = await add_thing(shelf)
    await asyncio.gather(*(keep(pool, shelf, listener, key) for _ in range(12)))
    assert await kept(pool, shelf) == [(listener, key, "elan")]
    assert await told(pool) == [(listener, shelf.kind.value, key, False)]
    await asyncio.gather(*(service.drop(pool, shelf, listener_id=listener, key=key) for _ in range(12)))
    assert await kept(pool, shelf) == []
    assert await told(pool) == [(listener, shelf.kind.value, key, True)]
    assert await pool.fetchval("SELECT last_number FROM change_feeds") == 2


async def test_what_is_not_there_is_refused_and_nothing_is_kept(pool, listener: UUID) -> None:
    for shelf in SHELVES.values():
        with pytest.raises(Refused) as refusal:
            await keep(pool, shelf, listener, new_key())
        assert [(problem.code, problem.field) for problem in refusal.value.problems] == [
            (ProblemCode.NOT_FOUND, (shelf.field,))
        ]
        assert (await kept(pool, shelf), await told(pool)) == ([], [])


async def test_what_the_listener_does_not_see_cannot_be_kept(pool, add_user, add_track, listener, add_thing) -> None:
    unready = await add_track(await add_user(Role.ARTIST))
    draft, private = await add_thing(SAVED_ALBUMS), await add_thing(FOLLOWED_PLAYLISTS)
    elsewhere = await add_thing(LIKED_TRACKS)
    await pool.execute("UPDATE albums SET state = 'draft' WHERE id = $1", draft)
    await pool.execute("UPDATE playlists SET public = false WHERE id = $1", private)
    await pool.execute("INSERT INTO licences (id, track_id, market) VALUES ($1, $2, 'FR')", new_key(), elsewhere)
    hidden = (
        (LIKED_TRACKS, unready),
        (SAVED_ALBUMS, draft),
        (FOLLOWED_PLAYLISTS, private),
        (LIKED_TRACKS, elsewhere),
    )
    for shelf, key in hidden:
        with pytest.raises(Refused):
            await keep(pool, shelf, listener, key)
        assert await kept(pool, shelf) == []
    here = seen(listener, market="FR")
    await service.keep(pool, LIKED_TRACKS, listener_id=listener, key=elsewhere, seen=here)
    assert [key for _, key, _ in await kept(pool, LIKED_TRACKS)] == [elsewhere]


async def test_nobody_follows_itself(pool, listener: UUID) -> None:
    with pytest.raises(Refused) as refusal:
        await keep(pool, FOLLOWED_USERS, listener, listener)
    assert [problem.code for problem in refusal.value.problems] == [ProblemCode.INVALID_VALUE]
    assert await kept(pool, FOLLOWED_USERS) == []


async def test_a_deleted_account_keeps_nothing(pool, add_thing) -> None:
    key = await add_thing(LIKED_TRACKS)
    with pytest.raises(Forbidden):
        await keep(pool, LIKED_TRACKS, new_key(), key)
    assert await kept(pool, LIKED_TRACKS) == []


async def test_a_library_goes_with_its_account(pool, listener: UUID, add_thing) -> None:
    for shelf in SHELVES.values():
        await keep(pool, shelf, listener, await add_thing(shelf))
    await pool.execute("DELETE FROM users WHERE id = $1", listener)
    assert [await kept(pool, shelf) for shelf in SHELVES.values()] == [[]] * 5


def test_names_are_sorted_by_their_letters_and_cut() -> None:
    assert sort_name("  BJÖRK's Álbum") == "bjorks album"
    assert sort_name("x" * 200) == "x" * 64
    assert sort_name("🎷") == ""
