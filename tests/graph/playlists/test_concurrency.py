"""Many writers on one playlist: nothing is lost, nothing is in one place twice, and nobody waits for ever."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

from graph.catalog.deletion import delete_track
from graph.errors import Refused
from graph.playlists.records import End, Place, StaleRevision
from graph.playlists.upkeep import remove_deleted
from tests.graph.locks import waits

WRITERS = 8
WRITES = 6
LATER = datetime(2200, 1, 1, tzinfo=UTC)


def plan(number: int) -> random.Random:
    return random.Random(number)  # noqa: S311 -- a plan, not a secret


async def test_no_entry_is_lost_among_many_who_add(desk) -> None:
    added: list[UUID] = []

    async def add(number: int) -> None:
        draw = plan(number)
        for _ in range(WRITES):
            place = draw.choice([Place(end=End.START), Place(end=End.END)])
            added.extend(await desk.add(draw.randint(1, 3), place=place))

    await asyncio.gather(*(add(number) for number in range(WRITERS)))
    assert sorted(await desk.order()) == sorted(added)
    assert await desk.revision() == 1 + WRITERS * WRITES


async def test_one_of_many_with_the_same_revision_writes(desk) -> None:
    a, b = await desk.add(2)

    moves = [desk.move(2, b, place=Place(before=a)) for _ in range(WRITERS)]
    answers = await asyncio.gather(*moves, return_exceptions=True)
    assert answers.count(3) == 1
    assert [answer.current for answer in answers if isinstance(answer, StaleRevision)] == [3] * (WRITERS - 1)
    assert await desk.order() == [b, a]


async def insist(write, seen: int) -> int:
    """Write by the revision last seen, and again by the present one until it is not stale."""
    while True:
        try:
            return await write(seen)
        except StaleRevision as stale:
            seen = stale.current


async def test_writers_who_begin_anew_when_stale_all_come_through(desk) -> None:
    held = set(await desk.add(10))

    async def write(number: int) -> None:
        draw, seen = plan(number), 1
        first, middle, last = await desk.add(3, place=Place(end=End.START))
        for _ in range(WRITES):
            place = draw.choice([Place(end=End.END), Place(after=middle), Place(before=middle)])
            seen = await insist(lambda at, place=place: desk.move(at, last, place=place), seen)
        await insist(lambda at: desk.remove(at, first), seen)
        held.update((middle, last))

    await asyncio.gather(*(write(number) for number in range(WRITERS)))
    assert sorted(await desk.order()) == sorted(held)
    places = await desk.pool.fetch("SELECT DISTINCT position FROM playlist_entries")
    assert len(places) == len(held)
    assert await desk.revision() == 2 + WRITERS * (WRITES + 2)


async def test_tracks_are_deleted_while_others_add_them(desk, artist, add_track) -> None:
    """And the entries are removed meanwhile. Each waits for the others, none for ever, and no entry comes too late."""
    tracks = [await add_track(artist, ready=1000) for _ in range(6)]

    async def add(number: int) -> None:
        draw = plan(number)
        for _ in range(WRITES):
            try:
                await desk.add_tracks(draw.sample(tracks, 3))
            except Refused:
                continue

    async def delete(track: UUID) -> None:
        await delete_track(desk.pool, artist, track_id=track, removal_delay=timedelta(0))

    async def keep_up() -> None:
        for _ in range(WRITES):
            async with desk.pool.acquire() as connection:
                await remove_deleted(connection, LATER)

    await asyncio.gather(*(add(number) for number in range(4)), *(delete(track) for track in tracks[:4]), keep_up())
    await keep_up()
    held = await desk.pool.fetch("SELECT id, track_id FROM playlist_entries")
    assert {row["track_id"] for row in held} <= set(tracks[4:])
    alive = {key for kind, key, deleted in await desk.told() if kind == "playlist_entry" and not deleted}
    assert alive == {row["id"] for row in held} == set(await desk.order())


async def test_a_track_is_not_deleted_while_somebody_adds_it(desk, artist) -> None:
    """Else its entry would come after the work that removes such entries has gone by."""
    async with desk.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("SELECT FROM playlists WHERE id = $1 FOR UPDATE", desk.playlist)
        adding = asyncio.create_task(desk.add())
        assert await waits(desk.pool, adding)
        deleting = asyncio.create_task(delete_track(desk.pool, artist, track_id=desk.track, removal_delay=timedelta(0)))
        assert await waits(desk.pool, deleting, writers=2)
        await transaction.rollback()
    await asyncio.gather(adding, deleting)
    async with desk.pool.acquire() as connection:
        await remove_deleted(connection, LATER)
    assert await desk.order() == []
