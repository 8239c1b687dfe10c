"""The rows of jobs on the real tables: whose claim holds, what counts, and what is final."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from ingest.contract import (
    FailureCode,
    Job,
    QualityCode,
    QualityWarning,
    Stage,
    Status,
    Tags,
    decode_job,
)
from ingest.errors import Superseded
from ingest.jobs.ledger import Claim, Ledger, Shelved
from ingest.product import Product
from origin.asset import Loudness
from tests import described

LOUDNESS = Loudness(
    integrated_lufs=-14.5,
    mono_integrated_lufs=-17.5,
    loudness_range_lu=4.5,
    max_momentary_lufs=-10.5,
    max_short_term_lufs=-11.5,
    sample_peak_dbfs=-1.25,
    true_peak_dbtp=-0.75,
)
MASTER = described.master(
    sample_rate_hz=48_000, bits_per_sample=24, sample_count=96_000, loudness=LOUDNESS, pcm_sha256="0a" * 32
)


def product(job: Job, **more: Any) -> Product:
    gains_db = {"flac": 0.0, "aac": 0.5, "opus": 0.25}
    renditions = (described.rendition(name, gain_db=gain_db, loudness=LOUDNESS) for name, gain_db in gains_db.items())
    asset = described.asset(*renditions, asset_id=job.asset_id, revision=job.revision, master=MASTER)
    return Product(asset=asset, **more)


async def claimed(ledger: Ledger, job: Job) -> Claim:
    claim = await ledger.claim(job)
    assert claim is not None
    return claim


async def test_claims_are_numbered_and_counted(ledger: Ledger, job: Job) -> None:
    claims = [await claimed(ledger, job) for _ in range(3)]
    assert [(claim.number, claim.attempt) for claim in claims] == [(1, 1), (2, 2), (3, 3)]


async def test_attempt_that_is_taken_back_leaves_its_number_used(ledger: Ledger, job: Job) -> None:
    first = await claimed(ledger, job)
    await ledger.release(first)
    second = await claimed(ledger, job)
    assert (second.number, second.attempt) == (2, 1)


async def test_lost_claim_changes_nothing(queue: Any, ledger: Ledger, job: Job) -> None:
    lost = await claimed(ledger, job)
    await ledger.release(lost)  # the next claim is the first attempt again
    await claimed(ledger, job)
    before = dict(await queue.row(job))
    for change in (
        ledger.require(lost),
        ledger.advance(lost, Stage.ENCODE, 0.5),
        ledger.release(lost),
        ledger.condemn(lost, FailureCode.CORRUPT),
        ledger.ready(lost, product(job)),
        ledger.failed(lost),
        ledger.quarantine(lost, job, fault="a bug"),
        ledger.shelve(lost, Shelved(rung="flac", recipe_sha256=bytes(32), finished="{}")),
    ):
        with pytest.raises(Superseded, match="claim 1 no longer holds"):
            await change
    assert dict(await queue.row(job)) == before


async def test_verdict_outlives_the_claim_that_wrote_it(queue: Any, ledger: Ledger, job: Job) -> None:
    first = await claimed(ledger, job)
    assert first.verdict is None
    await ledger.shelve(first, Shelved(rung="flac", recipe_sha256=bytes(32), finished="{}"))
    await ledger.condemn(first, FailureCode.TRUNCATED)
    assert await ledger.shelved(first) == [], "what is about to be removed is on no shelf"
    second = await claimed(ledger, job)
    assert second.verdict is FailureCode.TRUNCATED
    await ledger.failed(second)
    row = await queue.row(job)
    assert (row["status"], row["failure_code"]) == ("failed", "truncated")


async def test_final_row_is_claimed_by_nobody_and_changed_by_nobody(ledger: Ledger, job: Job) -> None:
    claim = await claimed(ledger, job)
    await ledger.ready(claim, product(job))
    assert await ledger.claim(job) is None
    assert (await ledger.state(job)).status is Status.READY
    with pytest.raises(Superseded):
        await ledger.ready(claim, product(job))


async def test_row_goes_with_its_track(queue: Any, ledger: Ledger, job: Job) -> None:
    claim = await claimed(ledger, job)
    await queue.connection.execute("DELETE FROM tracks")
    assert (await ledger.state(job)).status is None
    assert await ledger.claim(job) is None
    with pytest.raises(Superseded):
        await ledger.require(claim)


async def test_fraction_never_falls(ledger: Ledger, job: Job) -> None:
    assert await ledger.advance(await claimed(ledger, job), Stage.ENCODE, 0.5) == 0.5
    assert await ledger.advance(await claimed(ledger, job), Stage.FETCH, 0.0) == 0.5


async def test_ready_revision_has_every_figure(queue: Any, ledger: Ledger, job: Job) -> None:
    warnings = (QualityWarning(code=QualityCode.CLIPPED, detail="Three samples."),)
    await ledger.ready(
        await claimed(ledger, job), product(job, warnings=warnings, tags=Tags(title="Tune"), waveform=b"\x00\xff")
    )
    row = dict(await queue.row(job))
    figures = {name: getattr(LOUDNESS, name) for name in LOUDNESS.__struct_fields__}
    expected = {
        "status": "ready",
        "duration_ms": 2000,
        "sample_rate_hz": 48_000,
        "channels": 2,
        "bits_per_sample": 24,
        "sample_count": 96_000,
        "pcm_sha256": b"\x0a" * 32,
        "gain_db": 0.5,
        "waveform": b"\x00\xff",
        **figures,
    }
    assert {name: row[name] for name in expected} == expected
    assert json.loads(row["warnings"]) == [{"code": "clipped", "detail": "Three samples."}]
    assert json.loads(row["proposed_tags"]) == {"title": "Tune"}


async def replaced(queue: Any, job: Job) -> Job:
    """A second master of the same track."""
    second = await queue.add(b"another master")
    await queue.connection.execute(
        "UPDATE assets SET asset_id = $1, revision = 2 WHERE asset_id = $2", job.asset_id, second.asset_id
    )
    return msgspec.structs.replace(second, asset_id=job.asset_id, revision=2)


async def removals(queue: Any) -> dict[str, timedelta]:
    rows = await queue.connection.fetch("SELECT prefix, due_at FROM removals")
    return {row["prefix"]: row["due_at"] - datetime.now(UTC) for row in rows}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["one after the other", "the later one first"])
async def test_newest_ready_revision_takes_the_place_of_older_ones(
    queue: Any, ledger: Ledger, job: Job, order: tuple[int, int], removal_delay: timedelta
) -> None:
    jobs = (job, await replaced(queue, job))
    for index in order:
        await ledger.ready(await claimed(ledger, jobs[index]), product(jobs[index]))
    rows = await queue.connection.fetch("SELECT revision, status FROM assets")
    assert [tuple(row) for row in rows] == [(2, "ready")]
    ((prefix, left),) = (await removals(queue)).items()
    assert prefix == f"assets/{job.asset_id}/1/"
    assert removal_delay - timedelta(minutes=5) < left <= removal_delay
    state = await ledger.state(job)
    assert (state.disposable, state.over) == (False, True)


async def test_two_revisions_that_end_together_leave_the_newer_one(queue: Any, ledger: Ledger, job: Job) -> None:
    jobs = (job, await replaced(queue, job))
    claims = [await claimed(ledger, one) for one in jobs]
    await asyncio.gather(*(ledger.ready(claim, product(one)) for claim, one in zip(claims, jobs, strict=True)))
    rows = await queue.connection.fetch("SELECT revision, status FROM assets")
    assert [tuple(row) for row in rows] == [(2, "ready")]


async def test_album_is_measured_again_when_a_track_of_it_is_ready(queue: Any, ledger: Ledger, job: Job) -> None:
    await queue.connection.execute("DELETE FROM pgqueuer")
    album = uuid4()
    await queue.connection.execute(
        "INSERT INTO albums (id, artist_id, title, search_text) SELECT $1, id, 'B', 'b' FROM artists", album
    )
    await queue.connection.execute("UPDATE tracks SET album_id = $1", album)
    await ledger.ready(await claimed(ledger, job), product(job))
    (queued,) = await queue.connection.fetch("SELECT entrypoint, payload FROM pgqueuer")
    assert (queued["entrypoint"], json.loads(queued["payload"])) == ("album_loudness", {"album_id": str(album)})


async def test_quarantined_master_goes_when_a_later_one_is_ready(queue: Any, ledger: Ledger, job: Job) -> None:
    later = await replaced(queue, job)
    await ledger.quarantine(await claimed(ledger, job), job, fault="a bug")
    await ledger.ready(await claimed(ledger, later), product(later))
    rows = await queue.connection.fetch("SELECT revision, status FROM assets")
    assert [tuple(row) for row in rows] == [(2, "ready")]
    assert await queue.connection.fetchval("SELECT count(*) FROM quarantined_jobs") == 0
    assert set(await removals(queue)) == {f"assets/{job.asset_id}/1/"}


async def test_refused_master_that_a_later_one_follows_stays_as_it_is(queue: Any, ledger: Ledger, job: Job) -> None:
    later = await replaced(queue, job)
    claim = await claimed(ledger, job)
    await ledger.condemn(claim, FailureCode.CORRUPT)
    await ledger.failed(claim)
    await ledger.ready(await claimed(ledger, later), product(later))
    rows = await queue.connection.fetch("SELECT revision, status FROM assets ORDER BY revision")
    assert [tuple(row) for row in rows] == [(1, "failed"), (2, "ready")]
    assert await removals(queue) == {}


async def test_quarantined_job_keeps_all_that_is_needed(queue: Any, ledger: Ledger, job: Job) -> None:
    claim = await claimed(ledger, job)
    await ledger.shelve(claim, Shelved(rung="flac", recipe_sha256=bytes(32), finished="{}"))
    await ledger.quarantine(claim, job, fault="ValueError: a bug")
    (kept,) = await queue.connection.fetch("SELECT job, fault FROM quarantined_jobs")
    assert (decode_job(kept["job"].encode()), kept["fault"]) == (job, "ValueError: a bug")
    row = await queue.row(job)
    assert (row["status"], row["failure_code"]) == ("failed", "internal")
    state = await ledger.state(job)
    assert (state.disposable, state.over) == (False, False)


async def test_shelf_is_read_by_the_claim_that_holds_and_emptied_at_the_end(
    queue: Any, ledger: Ledger, job: Job
) -> None:
    first = await claimed(ledger, job)
    one = Shelved(rung="flac", recipe_sha256=bytes(32), finished="{}")
    await ledger.shelve(first, one)
    second = await claimed(ledger, job)
    assert await ledger.shelved(first) == []
    assert await ledger.shelved(second) == [one]
    other = Shelved(rung="flac", recipe_sha256=bytes(31) + b"x", finished='{"new": 1}')
    await ledger.shelve(second, other)
    assert await ledger.shelved(second) == [other]
    await ledger.ready(second, product(job))
    assert await queue.connection.fetchval("SELECT count(*) FROM asset_renditions") == 0
