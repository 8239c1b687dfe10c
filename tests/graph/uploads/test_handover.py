"""What the ingest is told of an upload, and in what order."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from config.postgres import Pool
from graph.catalog.changes import TrackChange, update_track
from graph.errors import Forbidden
from graph.keys import new_key
from graph.profiles.service import hand_over
from graph.uploads import handover, service
from graph.viewer import Role, Viewer
from ingest.contract import BACK_CATALOGUE, ENTRYPOINT, TONIGHT, UNDATED, decode_job
from tests.graph.turns import interrupted, take_turns


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


async def test_the_job_names_the_album_that_its_track_was_being_moved_to(desk, artist, track, pool) -> None:
    titles = {new_key(): "Songs", new_key(): "Rivers"}
    await pool.executemany(
        "INSERT INTO albums (id, artist_id, title, search_text) SELECT $1, id, $2, $2 FROM artists", titles.items()
    )
    songs, rivers = titles
    await pool.execute("UPDATE tracks SET album_id = $1", songs)
    upload = await service.find(pool, artist, (await desk.create(artist, track)).upload_id)

    async def moves(writer: Any) -> None:
        await update_track(writer, artist, track_id=track, change=TrackChange(album_id=rivers))

    seen = []

    async def keeps(writer: Any) -> None:
        async with writer.acquire() as connection, connection.transaction():
            seen.append(await connection.fetchval("SELECT album_id FROM tracks"))  # it is being moved still
            await handover.keep(connection, artist, upload, back_catalogue=False)

    has_locked_the_track = 4
    await take_turns(pool, interrupted(has_locked_the_track), moves, keeps)
    assert seen == [songs]
    job = decode_job(await pool.fetchval("SELECT payload FROM pgqueuer WHERE entrypoint = $1", ENTRYPOINT))
    assert (job.album_id, job.album) == (rivers, "Rivers")


async def test_master_is_not_replaced_by_who_has_handed_its_artist_over(desk, artist, track, add_user, pool) -> None:
    announced = await desk.create(artist, track)
    await desk.send(announced)
    owner = await add_user(Role.LABEL)
    await hand_over(pool, artist, artist_id=await pool.fetchval("SELECT id FROM artists"), account_id=owner.user_id)
    with pytest.raises(Forbidden):
        await desk.complete(artist, announced.upload_id)
    assert (await desk.jobs(), await desk.count("assets")) == ([], 0)


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
