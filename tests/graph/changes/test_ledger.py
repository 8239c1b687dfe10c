"""The ledger of changes on real PostgreSQL: numbers in the order of commits, one row a key, what is old forgotten."""

import asyncio
import random
from datetime import timedelta
from uuid import UUID

import pytest

from graph.changes import ledger
from graph.changes.ledger import record_change, record_changes
from graph.changes.records import Change, ChangeKind
from graph.changes.service import begin, changes_after
from graph.errors import SyncAnew
from graph.keys import new_key
from graph.paging import MAX_PAGE
from graph.viewer import Role
from tests.graph.locks import waits

LIKE = ChangeKind.LIKED_TRACK


@pytest.fixture
async def listener(add_user) -> UUID:
    return (await add_user(Role.LISTENER)).user_id


async def put(pool, user_id: UUID, *keys: UUID, deleted: bool = False) -> None:
    async with pool.acquire() as connection, connection.transaction():
        for key in keys:
            await record_change(connection, user_id, LIKE, key, deleted=deleted)


async def told(pool, user_id: UUID, *, after: int = 0, first: int = MAX_PAGE) -> list[tuple[int, UUID, bool]]:
    page = await changes_after(pool, user_id, number=after, first=first)
    return [(one.number, one.key, one.deleted) for one in page.recorded]


async def test_changes_are_told_in_their_order_with_their_numbers(pool, listener) -> None:
    first, second = new_key(), new_key()
    await put(pool, listener, first, second)
    assert await told(pool, listener) == [(1, first, False), (2, second, False)]
    assert await told(pool, listener, after=1) == [(2, second, False)]
    assert await told(pool, listener, after=2) == []


async def test_only_the_last_change_of_a_key_stays(pool, listener) -> None:
    first, second = new_key(), new_key()
    await put(pool, listener, first, second)
    await put(pool, listener, first, deleted=True)
    assert await told(pool, listener) == [(2, second, False), (3, first, True)]
    assert await pool.fetchval("SELECT count(*) FROM changes") == 2


async def test_one_key_of_two_kinds_is_two_things(pool, listener) -> None:
    key = new_key()
    async with pool.acquire() as connection, connection.transaction():
        for kind in ChangeKind:
            await record_change(connection, listener, kind, key, deleted=False)
    page = await changes_after(pool, listener, number=0, first=MAX_PAGE)
    assert [one.kind for one in page.recorded] == list(ChangeKind)


async def test_several_at_once_are_numbered_for_each_listener_and_repeated_keys_count_once(pool, add_user) -> None:
    one, other = [(await add_user(Role.LISTENER)).user_id for _ in range(2)]
    first, second = new_key(), new_key()
    given = [(one, first, False), (other, first, False), (one, second, False), (one, first, True)]
    async with pool.acquire() as connection, connection.transaction():
        await record_changes(
            connection, [Change(user_id=user, kind=LIKE, key=key, deleted=gone) for user, key, gone in given]
        )
    assert await told(pool, one) == [(1, second, False), (2, first, True)]
    assert await told(pool, other) == [(1, first, False)]


async def test_recording_nothing_asks_nothing(pool, listener) -> None:
    async with pool.acquire() as connection:
        await record_changes(connection, [])
    assert (await begin(pool, listener)).number == 0


async def test_what_is_rolled_back_was_never_changed(pool, listener) -> None:
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await record_change(connection, listener, LIKE, new_key(), deleted=False)
        await transaction.rollback()
    assert await told(pool, listener) == []
    await put(pool, listener, key := new_key())
    assert await told(pool, listener) == [(1, key, False)]


async def test_a_page_says_whether_there_is_more(pool, listener) -> None:
    await put(pool, listener, *(new_key() for _ in range(5)))
    page = await changes_after(pool, listener, number=0, first=2)
    assert (page.number, page.has_more) == (2, True)
    page = await changes_after(pool, listener, number=3, first=2)
    assert (page.number, page.has_more) == (5, False)


async def test_nobody_hears_of_anothers_changes(pool, add_user, listener) -> None:
    await put(pool, listener, new_key())
    assert await told(pool, (await add_user(Role.LISTENER)).user_id) == []


async def test_a_number_that_was_never_reached_begins_anew(pool, listener) -> None:
    await put(pool, listener, new_key())
    with pytest.raises(SyncAnew):
        await told(pool, listener, after=2)


async def test_what_is_old_is_forgotten_and_a_cursor_before_it_begins_anew(pool, listener) -> None:
    await put(pool, listener, *(new_key() for _ in range(ledger.FORGET_EVERY - 1)))
    await pool.execute("UPDATE changes SET changed_at = now() - $1::interval WHERE number <= 10", ledger.KEPT * 2)
    await put(pool, listener, new_key())  # the one that looks for old ones
    assert await pool.fetchval("SELECT min(number) FROM changes") == 11
    with pytest.raises(SyncAnew):
        await told(pool, listener, after=9)
    assert len(await told(pool, listener, after=10)) == ledger.FORGET_EVERY - 10


async def test_what_is_younger_than_the_span_stays(pool, listener) -> None:
    await put(pool, listener, *(new_key() for _ in range(ledger.FORGET_EVERY - 1)))
    await pool.execute("UPDATE changes SET changed_at = now() - $1::interval", ledger.KEPT - timedelta(minutes=10))
    await put(pool, listener, new_key())
    assert len(await told(pool, listener)) == ledger.FORGET_EVERY


async def test_a_second_writer_waits_so_that_no_number_is_seen_before_a_smaller_one(pool, listener) -> None:
    first, second = new_key(), new_key()
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await record_change(connection, listener, LIKE, first, deleted=False)
        later = asyncio.create_task(put(pool, listener, second))
        assert await waits(pool, later)
        assert await told(pool, listener) == []
        await transaction.commit()
    await later
    assert await told(pool, listener) == [(1, first, False), (2, second, False)]


async def test_a_reader_among_many_writers_misses_nothing(pool, listener) -> None:
    """Writers commit late or not at all; a reader who follows the feed meanwhile ends up with the library."""
    keys = [new_key() for _ in range(12)]
    library: dict[UUID, bool] = {}
    draw = random.Random(5)  # noqa: S311 -- a plan, not a secret
    plans = [
        [(draw.sample(keys, 2), draw.random() < 0.4, draw.random() < 0.2, draw.random() / 200) for _ in range(12)]
        for _ in range(6)
    ]

    async def write(plan) -> None:
        for chosen, gone, fails, pause_s in plan:
            async with pool.acquire() as connection:
                transaction = connection.transaction()
                await transaction.start()
                for key in chosen:
                    await record_change(connection, listener, LIKE, key, deleted=gone)
                await asyncio.sleep(pause_s)
                if fails:
                    await transaction.rollback()
                    continue
                # Nobody else of this listener's writers is between its record and its commit, so this order is theirs.
                library.update(dict.fromkeys(chosen, gone))
                await transaction.commit()

    seen: dict[UUID, bool] = {}
    number = 0

    async def follow() -> None:
        nonlocal number
        page = await changes_after(pool, listener, number=number, first=3)
        assert [one.number for one in page.recorded] == sorted(one.number for one in page.recorded)
        seen.update({one.key: one.deleted for one in page.recorded})
        number = page.number

    async with asyncio.TaskGroup() as group:
        writers = [group.create_task(write(plan)) for plan in plans]
        while not all(writer.done() for writer in writers):
            await follow()
    while number < (await begin(pool, listener)).number:
        await follow()
    assert seen == library


async def test_writers_of_many_listeners_do_not_lock_each_other_out(pool, add_user) -> None:
    listeners = [(await add_user(Role.LISTENER)).user_id for _ in range(4)]

    async def write(number: int) -> None:
        mixed = random.Random(number).sample(listeners, len(listeners))  # noqa: S311 -- an order, not a secret
        changes = [Change(user_id=user, kind=LIKE, key=new_key(), deleted=False) for user in mixed]
        async with pool.acquire() as connection, connection.transaction():
            await record_changes(connection, changes)

    await asyncio.gather(*(write(number) for number in range(40)))
    for user in listeners:
        assert [number for number, _, _ in await told(pool, user)] == list(range(1, 41))


async def test_an_account_takes_its_feed_along(pool, listener) -> None:
    await put(pool, listener, new_key())
    await pool.execute("DELETE FROM users WHERE id = $1", listener)
    assert await pool.fetchval("SELECT count(*) FROM changes") == 0
