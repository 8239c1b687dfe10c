import asyncio
import hashlib
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import aiohttp
import pytest

from config.objects import ObjectStore
from config.postgres import Pool
from graph.errors import Forbidden, ProblemCode, Refused
from graph.keys import new_key
from graph.uploads import handover, service
from graph.uploads.promise import Promise
from graph.uploads.service import Announced, Kept, Limits
from graph.uploads.transfer import SignedPart
from graph.viewer import Role, Viewer
from ingest.contract import BACK_CATALOGUE, ENTRYPOINT, TONIGHT, UNDATED, decode_job

MASTER = bytes(range(256)) * 3000
LIMITS = Limits(max_bytes=50_000_000, lifetime_s=600, multipart_from_bytes=20_000_000, part_bytes=5 * 1024**2)


def promise_of(content: bytes) -> Promise:
    return Promise(
        file_name="tune.wav",
        content_type="audio/wav",
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )


class Desk:
    """The service with its arguments filled in."""

    def __init__(self, pool: Pool, store: ObjectStore, http: aiohttp.ClientSession) -> None:
        self.pool = pool
        self.store = store
        self.http = http

    async def create(
        self, viewer: Viewer, track: UUID | None, content: bytes = MASTER, *, in_parts: bool | None = None
    ) -> Announced:
        return await service.create(
            self.pool,
            self.store,
            viewer=viewer,
            track_id=track,
            promise=promise_of(content),
            in_parts=in_parts,
            limits=LIMITS,
        )

    async def send(self, announced: Announced, body: bytes = MASTER) -> int:
        put = announced.transfer.put
        async with self.http.put(put.url, data=body, headers=put.headers) as response:
            return response.status

    async def send_part(self, part: SignedPart, content: bytes) -> int:
        start = part.cut.offset_bytes
        body = content[start : start + part.cut.size_bytes]
        async with self.http.put(part.put.url, data=io.BytesIO(body), headers=part.put.headers) as response:
            return response.status

    async def complete(self, viewer: Viewer, upload: UUID) -> Kept:
        return await service.complete(self.pool, self.store, viewer=viewer, upload_id=upload)

    async def count(self, table: str) -> int:
        number: int = await self.pool.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608 -- names of this file
        return number

    async def jobs(self) -> list[Any]:
        rows = await self.pool.fetch("SELECT entrypoint, payload, status FROM pgqueuer ORDER BY id")
        assert {(row["entrypoint"], row["status"]) for row in rows} <= {(ENTRYPOINT, "queued")}
        return [decode_job(row["payload"]) for row in rows]


@pytest.fixture
async def desk(pool: Pool, store: ObjectStore) -> AsyncIterator[Desk]:
    async with aiohttp.ClientSession() as http:
        yield Desk(pool, store, http)
    await asyncio.sleep(0)


@pytest.fixture
async def artist(add_user) -> Viewer:
    return await add_user(Role.ARTIST)


@pytest.fixture
async def track(add_track, artist) -> UUID:
    return await add_track(artist)


async def code_of(attempt) -> ProblemCode:
    with pytest.raises(Refused) as refusal:
        await attempt
    (problem,) = refusal.value.problems
    return problem.code


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


LARGE = bytes(range(256)) * 24_000  # 6,144,000 bytes: a part of 5 MiB and a shorter one


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
    assert await store.multipart_uploads("uploads/") == []


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
    (begun,) = await store.multipart_uploads("uploads/")
    await store.abort_multipart(begun.key, begun.upload_id)
    assert await code_of(desk.complete(artist, first.upload_id)) is ProblemCode.UPLOAD_MISSING
    again = await desk.create(artist, track, LARGE, in_parts=True)
    assert [part.arrived for part in again.transfer.parts] == [False, False]
    (anew,) = await store.multipart_uploads("uploads/")
    assert await pool.fetchval("SELECT multipart_id FROM uploads") == anew.upload_id != begun.upload_id


async def test_a_crash_after_the_parts_were_put_together_loses_nothing(desk, artist, track, store) -> None:
    announced = await desk.create(artist, track, LARGE, in_parts=True)
    for part in announced.transfer.parts:
        await desk.send_part(part, LARGE)
    (begun,) = await store.multipart_uploads("uploads/")
    await store.complete_multipart(begun.key, begun.upload_id, await store.list_parts(begun.key, begun.upload_id))
    again = await desk.create(artist, track, LARGE)
    assert again.transfer.arrived_bytes == len(LARGE)
    assert [part.arrived for part in again.transfer.parts] == [True, True]
    assert (await desk.complete(artist, again.upload_id)).track_id == track


async def test_a_file_begun_in_parts_may_come_in_one_piece(desk, artist, track, store) -> None:
    announced = await desk.create(artist, track, LARGE, in_parts=True)
    await desk.send_part(announced.transfer.parts[0], LARGE)
    await store.write(f"uploads/{announced.upload_id}", LARGE, content_type="audio/wav")
    assert (await desk.complete(artist, announced.upload_id)).track_id == track
    assert await store.multipart_uploads("uploads/") == []


async def test_two_who_begin_at_once_send_the_same_parts(desk, artist, track, store) -> None:
    first = await desk.create(artist, track, LARGE)
    both = await asyncio.gather(*(desk.create(artist, track, LARGE, in_parts=True) for _ in range(2)))
    assert {one.upload_id for one in both} == {first.upload_id}
    assert len(await store.multipart_uploads("uploads/")) == 1
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


@pytest.mark.parametrize("in_parts", [False, True], ids=["one piece", "parts"])
async def test_an_aborted_upload_leaves_nothing(desk, store, artist, track, *, in_parts) -> None:
    announced = await desk.create(artist, track, LARGE, in_parts=in_parts)
    if in_parts:
        await desk.send_part(announced.transfer.parts[0], LARGE)
    else:
        await store.write(f"uploads/{announced.upload_id}", LARGE, content_type="audio/wav")
    await service.abort(desk.pool, store, viewer=artist, upload_id=announced.upload_id)
    assert await desk.count("uploads") == 0
    assert (await store.keys(""), await store.multipart_uploads("")) == ([], [])
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


async def test_the_job_names_artist_album_and_code(desk, artist, track, pool) -> None:
    album = new_key()
    await pool.execute(
        "INSERT INTO albums (id, artist_id, title, search_text) SELECT $1, id, 'Songs', 'songs' FROM artists", album
    )
    await pool.execute("UPDATE tracks SET album_id = $1, isrc = 'GBAYE6900531'", album)
    announced = await desk.create(artist, track)
    await desk.send(announced)
    await desk.complete(artist, announced.upload_id)
    (job,) = await desk.jobs()
    assert (job.artist, job.album, job.isrc) == ("Band", "Songs", "GBAYE6900531")
    assert (job.artist_id, job.album_id) == (await pool.fetchval("SELECT id FROM artists"), album)


@pytest.mark.parametrize(
    ("released_in_days", "back_catalogue", "urgency"),
    [
        pytest.param(None, False, UNDATED, id="no date"),
        pytest.param(0, False, TONIGHT, id="out today"),
        pytest.param(-1000, False, BACK_CATALOGUE, id="out for years"),
        pytest.param(0, True, BACK_CATALOGUE, id="out today, and nobody waits"),
    ],
)
async def test_a_release_of_tonight_goes_first(
    desk, artist, track, pool, released_in_days, *, back_catalogue, urgency
) -> None:
    if released_in_days is not None:
        album = new_key()
        await pool.execute(
            "INSERT INTO albums (id, artist_id, title, search_text, release_date)"
            " SELECT $1, id, 'Songs', 'songs', $2 FROM artists",
            album,
            datetime.now(UTC).date() + timedelta(days=released_in_days),
        )
        await pool.execute("UPDATE tracks SET album_id = $1", album)
    announced = await desk.create(artist, track)
    await desk.send(announced)
    await service.complete(
        pool, desk.store, viewer=artist, upload_id=announced.upload_id, back_catalogue=back_catalogue
    )
    assert await pool.fetchval("SELECT priority FROM pgqueuer") == urgency


async def test_own_audio_is_found_by_its_fingerprint_while_a_track_has_it(artist, add_user, add_track, pool) -> None:
    track = await add_track(artist, ready=1000)
    digest = hashlib.sha256(b"samples")
    await pool.execute("UPDATE assets SET pcm_sha256 = $1", digest.digest())
    other = await add_user(Role.ARTIST)

    async def found(viewer: Viewer, text: str = digest.hexdigest()) -> UUID | None:
        return await service.track_with_fingerprint(pool, viewer.user_id, pcm_sha256=text)

    assert (await found(artist), await found(artist, digest.hexdigest().upper())) == (track, track)
    assert (await found(other), await found(artist, "no digest")) == (None, None)
    await pool.execute(
        "INSERT INTO assets (asset_id, revision, upload_id, status, duration_ms)"
        " SELECT asset_id, 2, $1, 'ready', 1000 FROM assets",
        await another_upload(pool),
    )
    assert await found(artist) is None  # replaced


async def another_upload(pool: Pool) -> UUID:
    key: UUID = await pool.fetchval(
        "INSERT INTO uploads (id, user_id, track_id, object_key, file_name, content_type, size_bytes, sha256,"
        " expires_at) SELECT $1, user_id, track_id, 'uploads/another', 'a.wav', 'audio/wav', 1, sha256, now()"
        " FROM uploads RETURNING id",
        new_key(),
    )
    return key
