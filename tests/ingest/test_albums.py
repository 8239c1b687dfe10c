"""The loudness of an album from the blocks that are stored, when its tracks come and go."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import numpy as np
import pytest

from ingest.albums import Albums
from ingest.contract import Job
from ingest.loudness import album
from origin.layout import loudness_blocks_key


@pytest.fixture
async def pool(queue: Any) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(queue.environment["SEGUE_POSTGRES_URL"], min_size=1, max_size=4) as opened:
        yield opened


@pytest.fixture
def albums(queue: Any, pool: Any) -> Albums:
    return Albums(pool, queue.store, target_lufs=-14.0)


async def add_album(queue: Any) -> UUID:
    key = uuid4()
    job = await queue.add(b"master")
    await queue.connection.execute(
        "INSERT INTO albums (id, artist_id, title, search_text)"
        " SELECT $1, artist_id, 'B', 'b' FROM tracks WHERE asset_id = $2",
        *(key, job.asset_id),
    )
    return key


async def add_track(queue: Any, key: UUID, *, lufs: float, peak: float, seconds: int = 10) -> Job:
    """A ready track of constant loudness."""
    job: Job = await queue.add(b"master")
    await queue.connection.execute("UPDATE tracks SET album_id = $1 WHERE asset_id = $2", key, job.asset_id)
    await queue.connection.execute(
        "UPDATE assets SET status = 'ready', duration_ms = 1, integrated_lufs = $2, true_peak_dbtp = $3"
        " WHERE asset_id = $1",
        *(job.asset_id, lufs, peak),
    )
    energies = np.full(seconds * 10, 10 ** ((lufs + 0.691) / 10), dtype=np.float32)
    await queue.store.write(
        loudness_blocks_key(job.asset_id, 1), album.encode(energies), content_type="application/octet-stream"
    )
    return job


async def figures(queue: Any, key: UUID) -> Any:
    return await queue.connection.fetchrow(
        "SELECT integrated_lufs, loudness_range_lu, true_peak_dbtp, gain_db FROM albums WHERE id = $1", key
    )


async def test_tracks_are_gated_together(queue: Any, albums: Albums) -> None:
    key = await add_album(queue)
    await add_track(queue, key, lufs=-20.0, peak=-3.0)
    await add_track(queue, key, lufs=-14.0, peak=-0.5)
    await albums.measure(key)
    row = await figures(queue, key)
    # The mean power of both, for none is below the gate of the other.
    assert row["integrated_lufs"] == pytest.approx(10 * np.log10((10**-2 + 10**-1.4) / 2), abs=0.01)
    assert row["true_peak_dbtp"] == -0.5
    assert row["gain_db"] == pytest.approx(-0.5, abs=0.01)  # its peak would pass -1 dBTP before it is at -14 LUFS


async def test_newest_revision_counts_and_a_track_that_is_gone_does_not(queue: Any, albums: Albums) -> None:
    key = await add_album(queue)
    await add_track(queue, key, lufs=-20.0, peak=-3.0)
    gone = await add_track(queue, key, lufs=-8.0, peak=0.0)
    await albums.measure(key)
    await queue.connection.execute("DELETE FROM tracks WHERE asset_id = $1", gone.asset_id)
    await albums.measure(key)
    row = await figures(queue, key)
    assert (row["integrated_lufs"], row["true_peak_dbtp"]) == (pytest.approx(-20.0, abs=0.01), -3.0)


async def test_album_without_a_ready_track_has_no_figures(queue: Any, albums: Albums) -> None:
    key = await add_album(queue)
    only = await add_track(queue, key, lufs=-20.0, peak=-3.0)
    await albums.measure(key)
    await queue.connection.execute("DELETE FROM tracks WHERE asset_id = $1", only.asset_id)
    await albums.measure(key)
    assert set(await figures(queue, key)) == {None}


async def test_track_whose_blocks_are_gone_leaves_the_album_unmeasured(queue: Any, albums: Albums) -> None:
    key = await add_album(queue)
    job = await add_track(queue, key, lufs=-20.0, peak=-3.0)
    await queue.store.delete(loudness_blocks_key(job.asset_id, 1))
    await albums.measure(key)
    assert (await figures(queue, key))["integrated_lufs"] is None


async def test_job_that_read_an_older_album_writes_nothing(
    queue: Any, albums: Albums, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await add_album(queue)
    await add_track(queue, key, lufs=-20.0, peak=-3.0)
    read = albums._reading

    async def reading(members: Any) -> Any:
        found = await read(members)
        await add_track(queue, key, lufs=-8.0, peak=0.0)  # while the blocks of the others are read
        return found

    monkeypatch.setattr(albums, "_reading", reading)
    await albums.measure(key)
    assert set(await figures(queue, key)) == {None}


async def test_worker_measures_the_album_of_a_track_that_became_ready(queue: Any, workers: Any, masters: Any) -> None:
    key = await add_album(queue)
    await queue.connection.execute("DELETE FROM pgqueuer")
    await queue.connection.execute("DELETE FROM tracks")
    job = await queue.add(masters.wav(masters.tone(2.0)))
    await queue.connection.execute("UPDATE tracks SET album_id = $1", key)
    workers.start()
    (row,) = await queue.final(job)
    assert row["status"] == "ready", workers.logs()
    await queue.drained()
    assert (await figures(queue, key))["integrated_lufs"] == pytest.approx(row["integrated_lufs"], abs=1e-4)
