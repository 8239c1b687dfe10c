import asyncio
from collections.abc import AsyncIterator, Callable
from uuid import UUID

import pytest
from msgspec.structs import replace
from valkey.asyncio import Valkey

from config.postgres import Pool
from graph.errors import Forbidden, NotFound
from graph.fanout import Fanout, open_fanout
from graph.keys import new_key
from graph.uploads import progress
from graph.uploads.service import Kept
from graph.uploads.state import is_news
from graph.viewer import Role, Viewer
from ingest.contract import (
    FailureCode,
    Job,
    Progress,
    Stage,
    Status,
    decode_progress,
    encode_progress,
    progress_channel,
)

PATIENCE_S = 60.0

QUEUED = Progress(
    asset_id=new_key(), revision=1, status=Status.QUEUED, stage=Stage.QUEUED, fraction=0.0, failure_code=None
)
DECODING = replace(QUEUED, status=Status.PROCESSING, stage=Stage.DECODE, fraction=0.2)
ENCODING = replace(QUEUED, status=Status.PROCESSING, stage=Stage.ENCODE, fraction=0.5)
READY = replace(QUEUED, status=Status.READY, stage=Stage.DONE, fraction=1.0)
FAILED = replace(QUEUED, status=Status.FAILED, stage=Stage.DECODE, fraction=0.2, failure_code=FailureCode.CORRUPT)


@pytest.mark.parametrize(
    ("shown", "candidate", "news"),
    [
        pytest.param(None, QUEUED, True, id="the first state"),
        pytest.param(QUEUED, QUEUED, False, id="the same state"),
        pytest.param(DECODING, ENCODING, True, id="a later stage"),
        pytest.param(ENCODING, DECODING, False, id="an earlier stage, of a second attempt"),
        pytest.param(ENCODING, QUEUED, False, id="back in the queue"),
        pytest.param(ENCODING, FAILED, True, id="a failure at a smaller fraction"),
        pytest.param(READY, ENCODING, False, id="an event that was overtaken by the end"),
        pytest.param(READY, replace(QUEUED, revision=2), True, id="the next revision"),
        pytest.param(replace(QUEUED, revision=2), READY, False, id="the end of the revision before"),
    ],
)
def test_watcher_never_goes_back(shown: Progress | None, candidate: Progress, news: bool) -> None:  # noqa: FBT001 -- a column
    assert is_news(shown, candidate) is news


class Worker:
    """What an ingest worker does to row and channel."""

    def __init__(self, pool: Pool, valkey: Valkey, asset: UUID) -> None:
        self.pool = pool
        self.valkey = valkey
        self.asset = asset

    def state(self, template: Progress) -> Progress:
        return replace(template, asset_id=self.asset)

    async def publish(self, template: Progress) -> None:
        await self.valkey.publish(progress_channel(self.asset), encode_progress(self.state(template)))

    async def write(self, template: Progress) -> None:
        await self.pool.execute(
            "UPDATE assets SET status = $2, stage = $3, fraction = $4, failure_code = $5, duration_ms = 1"
            " WHERE asset_id = $1",
            self.asset,
            template.status.value,
            template.stage.value,
            template.fraction,
            None if template.failure_code is None else template.failure_code.value,
        )


@pytest.fixture
async def artist(add_user) -> Viewer:
    return await add_user(Role.ARTIST)


@pytest.fixture
async def worker(pool, valkey, artist, add_track) -> Worker:
    track = await add_track(artist, ready=1)
    asset = await pool.fetchval("SELECT asset_id FROM tracks WHERE id = $1", track)
    made = Worker(pool, valkey, asset)
    await made.write(QUEUED)
    return made


async def following(events: AsyncIterator[Progress]) -> Progress:
    async with asyncio.timeout(PATIENCE_S):
        return await anext(events)


async def test_current_state_first_then_events_then_the_end(worker: Worker, pool, fanout) -> None:
    events = progress.watch(pool, fanout, asset_id=worker.asset)
    assert await following(events) == worker.state(QUEUED)
    for template in (DECODING, ENCODING, DECODING, READY):
        await worker.publish(template)
    async with asyncio.timeout(PATIENCE_S):
        rest = [event async for event in events]
    assert rest == [worker.state(DECODING), worker.state(ENCODING), worker.state(READY)]


@pytest.mark.parametrize("final", [READY, FAILED], ids=["ready", "failed"])
async def test_finished_revision_is_one_event(worker: Worker, pool, fanout, final: Progress) -> None:
    await worker.write(final)
    async with asyncio.timeout(PATIENCE_S):
        events = [event async for event in progress.watch(pool, fanout, asset_id=worker.asset)]
    assert events == [worker.state(final)]


async def test_lost_event_does_not_hang(worker: Worker, pool, fanout, monkeypatch) -> None:
    monkeypatch.setattr(progress, "REREAD_S", 0.05)
    events = progress.watch(pool, fanout, asset_id=worker.asset)
    await following(events)
    await worker.write(READY)  # and nothing is published
    assert await following(events) == worker.state(READY)


async def test_without_valkey_the_row_is_read(worker: Worker, pool, free_port: Callable[[], int], monkeypatch) -> None:
    monkeypatch.setattr(progress, "POLL_S", 0.05)
    async with Valkey(port=free_port()) as nowhere, open_fanout(nowhere) as fanout:
        events = progress.watch(pool, fanout, asset_id=worker.asset)
        seen = []
        for template in (QUEUED, ENCODING, READY):
            await worker.write(template)
            seen.append(await following(events))
        assert seen == [worker.state(QUEUED), worker.state(ENCODING), worker.state(READY)]


async def test_event_and_row_of_the_same_step_are_one(worker: Worker, pool, fanout: Fanout, monkeypatch) -> None:
    """The row holds a float of 32 bits: 0.7 comes back as 0.699999988079071."""
    monkeypatch.setattr(progress, "REREAD_S", 0.05)
    step = replace(ENCODING, fraction=0.7)
    events = progress.watch(pool, fanout, asset_id=worker.asset)
    await following(events)
    await worker.publish(step)
    await worker.write(step)
    assert await following(events) == worker.state(step)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await anext(events)


async def test_event_of_another_version_is_passed_over(worker: Worker, pool, fanout) -> None:
    events = progress.watch(pool, fanout, asset_id=worker.asset)
    await following(events)
    await worker.valkey.publish(progress_channel(worker.asset), b'{"stage": "dreaming"}')
    await worker.publish(READY)
    assert await following(events) == worker.state(READY)


async def test_watching_before_there_is_anything_waits_for_the_first_revision(pool, fanout, valkey) -> None:
    asset = new_key()
    events = progress.watch(pool, fanout, asset_id=asset)
    first = asyncio.create_task(anext(events))
    async with asyncio.timeout(PATIENCE_S):
        while not (await valkey.pubsub_numsub(progress_channel(asset)))[0][1]:
            await asyncio.sleep(0.01)
    job = Job(asset_id=asset, revision=1, upload_key="uploads/x", file_name="x", size_bytes=1, sha256="00", title="x")
    announced = progress.announcement(Kept(track_id=new_key(), job=job))
    assert announced is not None
    await valkey.publish(*announced)
    async with asyncio.timeout(PATIENCE_S):
        assert await first == decode_progress(announced[1])
    await events.aclose()


async def test_only_owner_and_admin_may_watch(pool, add_user, add_track, artist) -> None:
    track = await add_track(artist)
    asset = await pool.fetchval("SELECT asset_id FROM tracks WHERE id = $1", track)
    for allowed in (artist, await add_user(Role.ADMIN)):
        assert await progress.asset_to_watch(pool, allowed, track_id=track) == asset
    with pytest.raises(Forbidden):
        await progress.asset_to_watch(pool, await add_user(Role.ARTIST), track_id=track)
    for unknown in (None, new_key()):
        with pytest.raises(NotFound):
            await progress.asset_to_watch(pool, artist, track_id=unknown)
