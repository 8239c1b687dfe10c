"""Files that come in parts."""

import asyncio

import pytest

from graph.errors import ProblemCode
from tests.graph.uploads.desk import LARGE, code_of


async def test_a_large_file_goes_in_parts_and_is_put_together(desk, artist, track, store) -> None:
    announced = await desk.create(artist, track, LARGE, in_parts=True)
    parts = announced.transfer.parts
    assert [(part.cut.number, part.cut.size_bytes, part.arrived) for part in parts] == [
        (1, 5_242_880, False),
        (2, 901_120, False),
    ]
    for part in parts:
        assert await desk.send_part(part, LARGE) == 200
    await desk.complete(artist, announced.upload_id)
    (job,) = await desk.jobs()
    assert await store.read(job.upload_key) == LARGE
    assert await store.multipart.unfinished("uploads/") == []


@pytest.mark.parametrize(("size", "in_parts"), [(19_999_999, False), (20_000_000, True)])
async def test_the_size_decides_when_the_client_does_not(desk, artist, track, size, *, in_parts) -> None:
    announced = await desk.create(artist, track, bytes(size))
    assert (announced.transfer.parts is not None) is in_parts


async def test_asking_again_tells_which_parts_have_arrived(desk, artist, track) -> None:
    first = await desk.create(artist, track, LARGE, in_parts=True)
    await desk.send_part(first.transfer.parts[0], LARGE)
    assert await code_of(desk.complete(artist, first.upload_id)) is ProblemCode.UPLOAD_INCOMPLETE
    again = await desk.create(artist, track, LARGE)  # whatever is asked now: it was begun in parts
    assert again.upload_id == first.upload_id
    assert [part.arrived for part in again.transfer.parts] == [True, False]
    assert again.transfer.arrived_bytes == 5_242_880
    await desk.send_part(again.transfer.parts[1], LARGE)
    assert (await desk.complete(artist, again.upload_id)).track_id == track


async def test_parts_that_the_store_has_forgotten_are_asked_for_again(desk, artist, track, store, pool) -> None:
    first = await desk.create(artist, track, LARGE, in_parts=True)
    await desk.send_part(first.transfer.parts[0], LARGE)
    (begun,) = await store.multipart.unfinished("uploads/")
    await store.multipart.abort(begun.key, begun.upload_id)
    assert await code_of(desk.complete(artist, first.upload_id)) is ProblemCode.UPLOAD_MISSING
    again = await desk.create(artist, track, LARGE, in_parts=True)
    assert [part.arrived for part in again.transfer.parts] == [False, False]
    (anew,) = await store.multipart.unfinished("uploads/")
    assert await pool.fetchval("SELECT multipart_id FROM uploads") == anew.upload_id != begun.upload_id


async def test_a_crash_after_the_parts_were_put_together_loses_nothing(desk, artist, track, store) -> None:
    announced = await desk.create(artist, track, LARGE, in_parts=True)
    for part in announced.transfer.parts:
        await desk.send_part(part, LARGE)
    (begun,) = await store.multipart.unfinished("uploads/")
    await store.multipart.complete(begun.key, begun.upload_id, await store.multipart.parts(begun.key, begun.upload_id))
    again = await desk.create(artist, track, LARGE)
    assert again.transfer.arrived_bytes == len(LARGE)
    assert [part.arrived for part in again.transfer.parts] == [True, True]
    assert (await desk.complete(artist, again.upload_id)).track_id == track


async def test_a_file_begun_in_parts_may_come_in_one_piece(desk, artist, track, store) -> None:
    announced = await desk.create(artist, track, LARGE, in_parts=True)
    await desk.send_part(announced.transfer.parts[0], LARGE)
    await store.write(f"uploads/{announced.upload_id}", LARGE, content_type="audio/wav")
    assert (await desk.complete(artist, announced.upload_id)).track_id == track
    assert await store.multipart.unfinished("uploads/") == []


async def test_two_who_begin_at_once_send_the_same_parts(desk, artist, track, store) -> None:
    first = await desk.create(artist, track, LARGE)
    both = await asyncio.gather(*(desk.create(artist, track, LARGE, in_parts=True) for _ in range(2)))
    assert {one.upload_id for one in both} == {first.upload_id}
    assert len(await store.multipart.unfinished("uploads/")) == 1
    for part, asked in zip(both[0].transfer.parts, both, strict=True):
        assert await desk.send_part(asked.transfer.parts[part.cut.number - 1], LARGE) == 200
    assert (await desk.complete(artist, first.upload_id)).track_id == track


async def test_parts_that_make_another_file_are_refused_and_sent_again(desk, artist, track) -> None:
    announced = await desk.create(artist, track, LARGE, in_parts=True)
    for part in announced.transfer.parts:
        await desk.send_part(part, LARGE[::-1])
    assert await code_of(desk.complete(artist, announced.upload_id)) is ProblemCode.UPLOAD_CHECKSUM_MISMATCH
    again = await desk.create(artist, track, LARGE, in_parts=True)
    assert again.transfer.arrived_bytes == 0
    for part in again.transfer.parts:
        assert await desk.send_part(part, LARGE) == 200
    assert (await desk.complete(artist, again.upload_id)).track_id == track
