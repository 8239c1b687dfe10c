"""Pictures through the queue, on real PostgreSQL and S3: drawn once, or failed with a code, and nothing is left."""

import hashlib
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.queries import Queries

from appliance.demo.flac import with_metadata
from appliance.demo.library import PIECES
from appliance.demo.masters import tags
from config.errors import ServiceUnavailable
from config.postgres import Pool, open_pool
from config.settings import ingest_settings
from ingest.contract import IMAGE_ENTRYPOINT, MAX_ATTEMPTS, ImageJob, Tags
from ingest.errors import ChildDied
from ingest.images import job as jobs
from ingest.images.job import ImageHandler
from ingest.images.ledger import ImageLedger
from ingest.images.proposal import offer, propose
from ingest.tasks import Picture
from origin.image import decode, image_key, image_object, record_key, source_key

ADD_USER = "INSERT INTO users (id, email, display_name, password_hash, role) VALUES ($1, $2, 'A', 'x', 'artist')"
ADD_IMAGE = "INSERT INTO images (id, owner_id, status, size_bytes, sha256) VALUES ($1, $2, 'queued', $3, $4)"


@pytest.fixture
async def pool(queue) -> AsyncIterator[Pool]:
    async with open_pool(ingest_settings(queue.environment).postgres) as opened:
        yield opened


class Studio:
    """Images of one account, and a worker's handler."""

    def __init__(self, pool: Pool, store: Any, folder: Path) -> None:
        self.pool = pool
        self.store = store
        self.handler = ImageHandler(ledger=ImageLedger(pool), store=store, folder=folder)
        self.owner = uuid4()

    async def add(self, content: bytes, *, stored: bytes | None = None) -> ImageJob:
        await self.pool.execute(ADD_USER + " ON CONFLICT DO NOTHING", self.owner, f"{self.owner}@example.org")
        made = ImageJob(image_id=uuid4(), size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
        await self.pool.execute(ADD_IMAGE, made.image_id, self.owner, len(content), bytes.fromhex(made.sha256))
        await self.store.write(source_key(made.image_id), content if stored is None else stored, content_type="a/b")
        return made

    async def handle(self, job: ImageJob, *, attempts: int = 0) -> None:
        await self.handler.handle(SimpleNamespace(payload=msgspec.json.encode(job), attempts=attempts))

    async def row(self, job: ImageJob) -> Any:
        return await self.pool.fetchrow("SELECT * FROM images WHERE id = $1", job.image_id)

    async def keys(self, job: ImageJob) -> list[str]:
        prefix = f"images/{job.image_id}/"
        return sorted(key.removeprefix(prefix) for key in await self.store.keys(prefix))


@pytest.fixture
def studio(pool, queue, tmp_path) -> Studio:
    return Studio(pool, queue.store, tmp_path)


async def test_picture_becomes_files_and_a_row(studio: Studio, picture, decoded) -> None:
    job = await studio.add(picture("png", 100, 50))
    await studio.handle(job)
    row = await studio.row(job)
    assert (row["status"], row["width_px"], row["height_px"], row["attempts"]) == ("ready", 100, 50, 1)
    names = [f"{size}.{name}" for size, name in itertools.product((300, 64), ("avif", "jpeg", "webp"))]
    assert await studio.keys(job) == [*names, "image.json"]
    record = decode(await studio.store.read(record_key(job.image_id)))
    assert sorted(f"{file.size_px}.{file.image_format.value}" for file in record.files) == names
    for file in record.files:
        stored = await studio.store.read(image_key(job.image_id, file.size_px, file.image_format))
        assert file == image_object(file.size_px, file.image_format, stored)
    small = await studio.store.read(f"images/{job.image_id}/64.jpeg")
    assert decoded(small).shape == (32, 64, 3)


async def test_worker_process_draws_what_is_queued(studio: Studio, queue, workers, picture) -> None:
    job = await studio.add(picture("jpeg"))
    await Queries.from_asyncpg_connection(queue.connection).enqueue(IMAGE_ENTRYPOINT, msgspec.json.encode(job))
    workers.start()
    await queue.drained()
    assert (await studio.row(job))["status"] == "ready", workers.logs()


async def test_job_that_comes_twice_does_nothing_more(studio: Studio, picture) -> None:
    job = await studio.add(picture("png"))
    await studio.handle(job)
    before = await studio.row(job)
    await studio.store.write(source_key(job.image_id), b"left by a crash", content_type="a/b")
    await studio.handle(job)
    assert await studio.row(job) == before
    assert "source" not in await studio.keys(job)


@pytest.mark.parametrize(
    ("content", "stored", "code"),
    [
        pytest.param(b"<svg/>", None, "artwork_invalid", id="no picture"),
        pytest.param(b"GIF89a", b"GIF87a", "upload_changed", id="another one than was announced"),
        pytest.param(b"GIF89a", b"GIF89a and more", "upload_changed", id="more than was announced"),
    ],
)
async def test_picture_at_fault_fails_at_once_and_leaves_nothing(studio: Studio, content, stored, code) -> None:
    job = await studio.add(content, stored=stored)
    await studio.pool.execute(
        "INSERT INTO artists (id, owner_id, name, search_text, image_id) VALUES ($1, $1, 'A', 'a', $2)",
        studio.owner,
        job.image_id,
    )
    await studio.handle(job)
    row = await studio.row(job)
    assert (row["status"], row["failure_code"]) == ("failed", code)
    assert await studio.keys(job) == []
    assert await studio.pool.fetchval("SELECT image_id FROM artists") is None


async def test_image_that_is_gone_leaves_nothing(studio: Studio, picture) -> None:
    job = await studio.add(picture("png"))
    await studio.pool.execute("DELETE FROM images")
    await studio.handle(job)
    assert await studio.keys(job) == []


async def test_what_kills_the_child_is_tried_three_times(studio: Studio, picture, monkeypatch) -> None:
    async def died(*_: object) -> None:
        raise ChildDied("illustrate", "SIGSEGV")

    monkeypatch.setattr(studio.handler, "_publish", died)
    job = await studio.add(picture("png"))
    for attempts in range(MAX_ATTEMPTS - 1):
        with pytest.raises(RetryRequested):
            await studio.handle(job, attempts=attempts)
        assert (await studio.row(job))["status"] == "processing"
    await studio.handle(job, attempts=MAX_ATTEMPTS)
    row = await studio.row(job)
    assert (row["status"], row["failure_code"]) == ("failed", "given_up"), "the picture is not kept"
    assert await studio.keys(job) == []


async def test_absent_store_does_not_count(studio: Studio, picture, monkeypatch) -> None:
    async def away(*_: object) -> None:
        raise ServiceUnavailable("S3", "refused")

    job = await studio.add(picture("png"))
    with monkeypatch.context() as patched:
        patched.setattr(studio.handler, "_publish", away)
        for attempts in range(MAX_ATTEMPTS + 2):
            with pytest.raises(RetryRequested):
                await studio.handle(job, attempts=attempts)
    assert (await studio.row(job))["attempts"] == 0
    await studio.handle(job)
    assert (await studio.row(job))["status"] == "ready"


async def test_picture_that_uses_up_the_limits_is_no_picture(studio: Studio, picture, monkeypatch) -> None:
    monkeypatch.setattr(jobs, "LIMITS", msgspec.structs.replace(jobs.LIMITS, cpu_s=1))
    job = await studio.add(picture("png", 6000, 6000))
    await studio.handle(job)
    assert (await studio.row(job))["failure_code"] == "artwork_invalid"


class Masters:
    """Proposals as the ingest of a track makes them."""

    def __init__(self, studio: Studio, queue: Any, folder: Path) -> None:
        self.studio = studio
        self.queue = queue
        self.path = folder / "cover"

    async def propose(self, content: bytes, owner_of: UUID | None = None) -> UUID:
        """Of a track of a new account, or of the account that owns this asset's track."""
        master = await self.queue.add(b"RIFF" + uuid4().bytes)
        if owner_of is not None:
            await self.studio.pool.execute(
                "UPDATE artists SET owner_id = (SELECT a.owner_id FROM artists a JOIN tracks t ON t.artist_id = a.id"
                " WHERE t.asset_id = $2) WHERE id = (SELECT artist_id FROM tracks WHERE asset_id = $1)",
                master.asset_id,
                owner_of,
            )
        self.path.write_bytes(content)
        picture = Picture(size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
        pool = self.studio.pool
        offered = await offer(pool, self.studio.store, asset_id=master.asset_id, picture=picture, path=self.path)
        async with pool.acquire() as connection, connection.transaction():
            await propose(connection, offered, asset_id=master.asset_id, revision=1)
        return master.asset_id

    async def proposed(self, asset_id: UUID) -> UUID | None:
        found: UUID | None = await self.studio.pool.fetchval(
            "SELECT proposed_image_id FROM assets WHERE asset_id = $1", asset_id
        )
        return found

    async def jobs(self) -> list[ImageJob]:
        rows = await self.studio.pool.fetch("SELECT payload FROM pgqueuer WHERE entrypoint = $1", IMAGE_ENTRYPOINT)
        return [msgspec.json.decode(row["payload"], type=ImageJob) for row in rows]


@pytest.fixture
def proposing(studio, queue, tmp_path) -> Masters:
    return Masters(studio, queue, tmp_path)


async def test_picture_of_a_master_is_proposed_and_drawn(studio: Studio, proposing: Masters, picture) -> None:
    asset = await proposing.propose(picture("jpeg"))
    (job,) = await proposing.jobs()
    assert await proposing.proposed(asset) == job.image_id
    await studio.handle(job)
    assert (await studio.row(job))["status"] == "ready"
    assert await studio.pool.fetchval("SELECT count(*) FROM tracks WHERE image_id IS NOT NULL") == 0


async def test_one_picture_of_many_masters_is_drawn_once_for_an_account(
    studio: Studio, proposing: Masters, picture
) -> None:
    cover = picture("jpeg")
    first = await proposing.propose(cover)
    second = await proposing.propose(cover, owner_of=first)
    stranger = await proposing.propose(cover)
    assert await proposing.proposed(second) == await proposing.proposed(first)
    assert await proposing.proposed(stranger) != await proposing.proposed(first)
    assert len(await proposing.jobs()) == 2
    assert len(await studio.store.keys("images/")) == 2


async def test_announced_picture_that_comes_inside_a_master_is_taken_from_there(
    studio: Studio, proposing: Masters, picture
) -> None:
    first = await proposing.propose(picture("jpeg"))
    cover = picture("png")
    owner = await studio.pool.fetchval("SELECT owner_id FROM images")
    announced = uuid4()
    await studio.pool.execute(ADD_IMAGE, announced, owner, len(cover), hashlib.sha256(cover).digest())
    await studio.pool.execute("UPDATE images SET status = 'announced', expires_at = now() WHERE id = $1", announced)
    asset = await proposing.propose(cover, owner_of=first)
    assert await proposing.proposed(asset) == announced
    (job,) = [job for job in await proposing.jobs() if job.image_id == announced]
    await studio.handle(job)
    assert (await studio.row(job))["status"] == "ready"


async def test_slower_of_two_masters_with_one_picture_takes_its_file_away(
    studio: Studio, proposing: Masters, picture, tmp_path
) -> None:
    cover = picture("jpeg")
    asset = await proposing.propose(picture("png"))
    told = Picture(size_bytes=len(cover), sha256=hashlib.sha256(cover).hexdigest())
    (tmp_path / "cover").write_bytes(cover)
    offers = [
        await offer(studio.pool, studio.store, asset_id=asset, picture=told, path=tmp_path / "cover") for _ in range(2)
    ]
    assert offers[0].image_id != offers[1].image_id
    for offered in offers:
        async with studio.pool.acquire() as connection, connection.transaction():
            await propose(connection, offered, asset_id=asset, revision=1)
    assert await proposing.proposed(asset) == offers[0].image_id
    assert len(await proposing.jobs()) == 2
    assert await studio.pool.fetchval("SELECT prefix FROM removals") == f"images/{offers[1].image_id}/"


async def test_worker_reads_proposes_and_draws_what_a_master_carries(studio: Studio, queue, workers, masters) -> None:
    piece = PIECES[0]
    master = with_metadata(masters.flac(masters.tone(0.5, 44_100)), tags(piece))
    job = await queue.add(master, file_name="master.flac")
    workers.start()
    await queue.final(job)
    await queue.drained()
    row = await queue.row(job)
    assert row["status"] == "ready", workers.logs()
    assert msgspec.json.decode(row["proposed_tags"], type=Tags).title == piece.title
    image = await studio.pool.fetchrow("SELECT status, sha256 FROM images WHERE id = $1", row["proposed_image_id"])
    assert (image["status"], image["sha256"]) == ("ready", hashlib.sha256(tags(piece).cover.data).digest())
