"""An upload from its announcement to its job, or to its end without one."""

import asyncio
import hashlib

import pytest

from graph.errors import Forbidden, ProblemCode
from graph.keys import new_key
from graph.uploads import handover, service
from graph.uploads.service import Kept
from graph.viewer import Role
from tests.graph.uploads.desk import LARGE, MASTER, code_of


async def test_master_is_announced_sent_and_queued(desk, artist, track, pool) -> None:
    announced = await desk.create(artist, track)
    assert await desk.send(announced) == 200
    kept = await desk.complete(artist, announced.upload_id)

    (job,) = await desk.jobs()
    assert kept == Kept(track_id=track, job=job)
    assert job.upload_key == f"uploads/{announced.upload_id}"
    assert (job.revision, job.file_name, job.size_bytes, job.title) == (1, "tune.wav", len(MASTER), "Tune")
    assert job.sha256 == hashlib.sha256(MASTER).hexdigest()
    row = await pool.fetchrow("SELECT asset_id, revision, upload_id, status, stage FROM assets")
    assert tuple(row) == (job.asset_id, 1, announced.upload_id, "queued", "queued")


async def test_completing_again_answers_the_same_and_queues_nothing(desk, artist, track) -> None:
    announced = await desk.create(artist, track)
    await desk.send(announced)
    first = await desk.complete(artist, announced.upload_id)
    again = await desk.complete(artist, announced.upload_id)
    assert (first.track_id, again.track_id) == (track, track)
    assert again.job is None
    assert len(await desk.jobs()) == await desk.count("assets") == 1


async def test_completing_eight_times_at_once_queues_one_job(desk, artist, track) -> None:
    announced = await desk.create(artist, track)
    await desk.send(announced)
    kept = await asyncio.gather(*(desk.complete(artist, announced.upload_id) for _ in range(8)))
    assert {one.track_id for one in kept} == {track}
    assert sum(one.job is not None for one in kept) == 1
    assert len(await desk.jobs()) == await desk.count("assets") == 1


async def test_two_masters_of_one_track_completed_together_are_two_revisions(desk, artist, track) -> None:
    contents = [MASTER, MASTER[::-1]]
    uploads = [await desk.create(artist, track, content) for content in contents]
    for upload, content in zip(uploads, contents, strict=True):
        await desk.send(upload, content)
    await asyncio.gather(*(desk.complete(artist, upload.upload_id) for upload in uploads))
    assert sorted(job.revision for job in await desk.jobs()) == [1, 2]


async def test_failure_to_enqueue_leaves_nothing(desk, artist, track, pool, monkeypatch) -> None:
    announced = await desk.create(artist, track)
    await desk.send(announced)

    async def crash(*_: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as patch:
        patch.setattr(handover, "_enqueue", crash)
        with pytest.raises(ConnectionResetError):
            await desk.complete(artist, announced.upload_id)
    assert await desk.count("assets") == await desk.count("pgqueuer") == 0
    assert await pool.fetchval("SELECT completed_at FROM uploads") is None

    await desk.complete(artist, announced.upload_id)  # the client tries again
    assert len(await desk.jobs()) == await desk.count("assets") == 1


async def test_failure_after_enqueueing_leaves_no_job(desk, artist, track, monkeypatch) -> None:
    announced = await desk.create(artist, track)
    await desk.send(announced)
    enqueue = handover._enqueue

    async def crash_afterwards(connection, job, urgency) -> None:
        await enqueue(connection, job, urgency)
        raise ConnectionResetError

    with monkeypatch.context() as patch:
        patch.setattr(handover, "_enqueue", crash_afterwards)
        with pytest.raises(ConnectionResetError):
            await desk.complete(artist, announced.upload_id)
    assert await desk.count("assets") == await desk.count("pgqueuer") == 0


async def test_asking_again_renews_the_same_upload(desk, artist, track) -> None:
    first = await desk.create(artist, track)
    again = await desk.create(artist, track)
    assert first.upload_id == again.upload_id
    assert again.expires_at > first.expires_at
    other = await desk.create(artist, track, b"another master")
    assert other.upload_id != first.upload_id
    assert await desk.count("uploads") == 2


async def test_missing_object(desk, artist, track) -> None:
    announced = await desk.create(artist, track)
    assert await code_of(desk.complete(artist, announced.upload_id)) is ProblemCode.UPLOAD_MISSING
    assert await desk.count("assets") == 0


async def test_object_of_another_size(desk, store, artist, track) -> None:
    announced = await desk.create(artist, track)
    await store.write(f"uploads/{announced.upload_id}", MASTER[:-1], content_type="audio/wav")
    assert await code_of(desk.complete(artist, announced.upload_id)) is ProblemCode.UPLOAD_SIZE_MISMATCH
    assert await desk.count("assets") == 0


async def test_object_of_the_same_size_with_other_bytes(desk, store, artist, track) -> None:
    announced = await desk.create(artist, track)
    await store.write(f"uploads/{announced.upload_id}", MASTER[::-1], content_type="audio/wav")
    assert await code_of(desk.complete(artist, announced.upload_id)) is ProblemCode.UPLOAD_CHECKSUM_MISMATCH
    assert await desk.count("assets") == 0
    assert await store.keys("uploads/") == []  # so that nobody believes that it has arrived


async def test_expired_upload_is_renewed_without_sending_again(desk, artist, track, pool) -> None:
    announced = await desk.create(artist, track)
    await desk.send(announced)
    await pool.execute("UPDATE uploads SET expires_at = now() - interval '1 s'")
    assert await code_of(desk.complete(artist, announced.upload_id)) is ProblemCode.UPLOAD_EXPIRED
    renewed = await desk.create(artist, track)
    assert (await desk.complete(artist, renewed.upload_id)).track_id == track


async def test_empty_master_is_taken(desk, artist, track) -> None:
    announced = await desk.create(artist, track, b"")
    assert await desk.send(announced, b"") == 200
    await desk.complete(artist, announced.upload_id)
    (job,) = await desk.jobs()
    assert job.size_bytes == 0


async def test_listener_may_not_upload(desk, add_user, add_track) -> None:
    listener = await add_user(Role.LISTENER)
    track = await add_track(listener)  # not even to a track that is, by some accident, the listener's
    with pytest.raises(Forbidden):
        await desk.create(listener, track)
    assert await desk.count("uploads") == 0


async def test_artist_may_not_upload_to_the_track_of_another(desk, add_user, track) -> None:
    with pytest.raises(Forbidden):
        await desk.create(await add_user(Role.ARTIST), track)
    assert await desk.count("uploads") == 0


async def test_admin_may_upload_to_any_track(desk, add_user, track) -> None:
    admin = await add_user(Role.ADMIN)
    announced = await desk.create(admin, track)
    await desk.send(announced)
    assert (await desk.complete(admin, announced.upload_id)).track_id == track


@pytest.mark.parametrize("unknown", [None, new_key()], ids=["an id of no track", "an id of nothing"])
async def test_unknown_track_is_refused(desk, artist, unknown) -> None:
    assert await code_of(desk.create(artist, unknown)) is ProblemCode.NOT_FOUND


async def test_upload_of_another_looks_like_none(desk, add_user, artist, track) -> None:
    announced = await desk.create(artist, track)
    await desk.send(announced)
    other = await add_user(Role.ARTIST)
    assert await code_of(desk.complete(other, announced.upload_id)) is ProblemCode.NOT_FOUND
    assert await code_of(desk.complete(artist, new_key())) is ProblemCode.NOT_FOUND
    assert await desk.count("assets") == 0


async def test_own_content_is_found_again_unless_it_failed(desk, add_user, artist, track, pool) -> None:
    sha256 = hashlib.sha256(MASTER).hexdigest()
    announced = await desk.create(artist, track)
    await desk.send(announced)
    assert await service.track_with_content(pool, artist.user_id, sha256=sha256) is None
    await desk.complete(artist, announced.upload_id)
    assert await service.track_with_content(pool, artist.user_id, sha256=sha256.upper()) == track

    other = await add_user(Role.ARTIST)
    assert await service.track_with_content(pool, other.user_id, sha256=sha256) is None
    assert await service.track_with_content(pool, artist.user_id, sha256="not hex") is None
    await pool.execute("UPDATE assets SET status = 'failed', failure_code = 'corrupt'")
    assert await service.track_with_content(pool, artist.user_id, sha256=sha256) is None


@pytest.mark.parametrize("in_parts", [False, True], ids=["one piece", "parts"])
async def test_an_aborted_upload_leaves_nothing(desk, store, artist, track, *, in_parts) -> None:
    announced = await desk.create(artist, track, LARGE, in_parts=in_parts)
    if in_parts:
        await desk.send_part(announced.transfer.parts[0], LARGE)
    else:
        await store.write(f"uploads/{announced.upload_id}", LARGE, content_type="audio/wav")
    await service.abort(desk.pool, store, viewer=artist, upload_id=announced.upload_id)
    assert await desk.count("uploads") == 0
    assert (await store.keys(""), await store.multipart.unfinished("")) == ([], [])
    assert await code_of(desk.complete(artist, announced.upload_id)) is ProblemCode.NOT_FOUND


async def test_what_is_completed_or_anothers_cannot_be_aborted(desk, store, artist, add_user, track) -> None:
    announced = await desk.create(artist, track)
    await desk.send(announced)
    other = await add_user(Role.ARTIST)
    refusal = service.abort(desk.pool, store, viewer=other, upload_id=announced.upload_id)
    assert await code_of(refusal) is ProblemCode.NOT_FOUND
    await desk.complete(artist, announced.upload_id)
    refusal = service.abort(desk.pool, store, viewer=artist, upload_id=announced.upload_id)
    assert await code_of(refusal) is ProblemCode.UPLOAD_COMPLETED
    (job,) = await desk.jobs()
    assert await store.keys("") == [job.upload_key]


async def test_an_upload_that_is_aborted_while_it_is_completed_queues_nothing(desk, artist, track, monkeypatch) -> None:
    announced = await desk.create(artist, track)
    await desk.send(announced)
    check = service._check_object

    async def aborted_meanwhile(store, upload) -> None:
        await check(store, upload)
        await service.abort(desk.pool, store, viewer=artist, upload_id=announced.upload_id)

    monkeypatch.setattr(service, "_check_object", aborted_meanwhile)
    assert await code_of(desk.complete(artist, announced.upload_id)) is ProblemCode.NOT_FOUND
    assert await desk.count("pgqueuer") == await desk.count("assets") == 0
