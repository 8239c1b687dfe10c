"""Imports that are interrupted, answers that are lost, services that are away: nothing is made twice."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from appliance.client_errors import GraphAway
from appliance.importer.batch import ATTEMPTS
from appliance.importer.catalogue import Catalogue
from appliance.importer.files import content, describe, find
from appliance.importer.outcome import Status
from tests.appliance.importer.runs import Run, statuses, write


@pytest.mark.parametrize(
    ("broken_at", "steps_left"),
    [
        pytest.param("createUpload", {"createTrack": 0, "PUT": 1}, id="after the track was made"),
        pytest.param("PUT", {"createTrack": 0, "PUT": 1}, id="while the file was sent"),
        pytest.param("completeUpload", {"createTrack": 0, "PUT": 1}, id="before the upload was completed"),
    ],
)
async def test_an_interrupted_import_leaves_no_second_track(
    run: Run, api: Any, tmp_path: Path, broken_at: str, steps_left: dict[str, int]
) -> None:
    [file] = write(tmp_path, "Band/Album/01 One.wav")
    reached = asyncio.Event()

    async def hang(*_: Any, **__: Any) -> None:
        reached.set()
        await asyncio.Event().wait()

    original = run.client.mutate, run.client.put

    async def mutate(document: str, *arguments: Any, **named: Any) -> Any:
        return await (hang() if broken_at in document else original[0](document, *arguments, **named))

    run.client.mutate = mutate  # type: ignore[method-assign] # a stand-in
    if broken_at == "PUT":
        run.client.put = hang  # type: ignore[method-assign] # a stand-in
    interrupted = asyncio.create_task(run(tmp_path))
    await reached.wait()
    interrupted.cancel()
    with pytest.raises(asyncio.CancelledError):
        await interrupted
    run.client.mutate, run.client.put = original  # type: ignore[method-assign] # a stand-in
    api.calls.clear()

    outcomes = await run(tmp_path)

    assert statuses(outcomes) == [(file.name, "ready")]
    assert len(api.tracks) == 1
    assert {name: api.calls[name] for name in steps_left} == steps_left


async def test_an_import_interrupted_during_ingest_goes_on_following(run: Run, api: Any, tmp_path: Path) -> None:
    write(tmp_path, "one.wav")
    api.ingest_goes_on.clear()
    interrupted = asyncio.create_task(run(tmp_path))
    while not api.at_once:
        await asyncio.sleep(0.01)
    interrupted.cancel()
    with pytest.raises(asyncio.CancelledError):
        await interrupted
    api.ingest_goes_on.set()
    async with asyncio.timeout(60):
        while api.at_once:
            await asyncio.sleep(0.01)
    for track in api.tracks.values():
        track["ingest"] = {"status": "PROCESSING"}

    outcomes = await run(tmp_path)

    assert statuses(outcomes) == [("one.wav", "ready")]
    assert (len(api.tracks), api.calls["PUT"]) == (1, 1)


async def test_a_mended_file_takes_the_track_of_the_refused_one(run: Run, api: Any, tmp_path: Path) -> None:
    [file] = write(tmp_path, "Band/Album/01 One.wav")
    api.verdicts[content(file).sha256] = {"code": "TRUNCATED", "message": "The file ends before its audio does."}
    refused = await run(tmp_path)
    file.write_bytes(b"all of it")

    mended = await run(tmp_path)

    assert [(o.status, o.code, o.reason) for o in refused] == [
        (Status.FAILED, "truncated", "The file ends before its audio does.")
    ]
    assert statuses(mended) == [("01 One.wav", "ready")]
    assert mended[0].track == refused[0].track


async def test_another_master_of_a_finished_title_is_another_track(run: Run, api: Any, tmp_path: Path) -> None:
    [file] = write(tmp_path, "Band/Album/01 One.wav")
    first = await run(tmp_path)
    file.write_bytes(b"remastered")

    second = await run(tmp_path)

    assert statuses(second) == [("01 One.wav", "ready")]
    assert second[0].track != first[0].track
    assert len(api.albums) == 1


@pytest.mark.parametrize(
    "field", ["viewer", "createArtist", "createAlbum", "createTrack", "createUpload", "completeUpload"]
)
async def test_tries_again_when_a_service_is_away_for_a_moment(
    run: Run, api: Any, answers: Any, tmp_path: Path, field: str
) -> None:
    write(tmp_path, "Band/Album/01 One.wav")
    _, system_error = answers
    api.faults[field] = [system_error("SERVICE_UNAVAILABLE", "PostgreSQL does not answer.", status=503)]

    outcomes = await run(tmp_path)

    assert statuses(outcomes) == [("01 One.wav", "ready")]
    assert (len(api.artists), len(api.albums), len(api.tracks)) == (1, 1, 1)


@pytest.mark.parametrize("field", ["createArtist", "createAlbum", "createTrack", "createUpload", "completeUpload"])
async def test_an_answer_that_is_lost_makes_nothing_twice(run: Run, api: Any, tmp_path: Path, field: str) -> None:
    write(tmp_path, "Band/Album/01 One.wav", "Band/Album/02 Two.wav")
    api.lost[field] = 1

    outcomes = await run(tmp_path)

    assert statuses(outcomes) == [("01 One.wav", "ready"), ("02 Two.wav", "ready")]
    assert (len(api.artists), len(api.albums), len(api.tracks), api.calls["PUT"]) == (1, 1, 2, 2)


async def test_a_track_that_a_file_has_taken_is_not_given_to_another(run: Run, api: Any, tmp_path: Path) -> None:
    """Two masters of one title at one place; between them the catalogue had to forget what it knew."""
    first, second = write(tmp_path, "a/One.wav", "b/One.wav")
    second.write_bytes(b"another master")
    catalogue = Catalogue(run.client, api.own_artists, default_artist="The Account")
    description = describe(find([first])[0][0])

    taken = await catalogue.track_for(description)
    api.lost["createTrack"] = 1
    with pytest.raises(GraphAway):
        await catalogue.track_for(describe(find([second])[0][0]))
    other = await catalogue.track_for(describe(find([second])[0][0]))

    assert (taken, other, len(api.tracks)) == ("track-0", "track-1", 2)


async def test_sends_a_file_again_that_the_store_dropped(run: Run, api: Any, tmp_path: Path) -> None:
    write(tmp_path, "one.wav")
    api.faults["PUT"] = [web.Response(status=503, text="<Error><Code>SlowDown</Code></Error>")]

    outcomes = await run(tmp_path)

    assert statuses(outcomes) == [("one.wav", "ready")]
    assert (len(api.tracks), api.calls["PUT"]) == (1, 2)


async def test_follows_again_after_a_broken_socket(run: Run, api: Any, tmp_path: Path) -> None:
    write(tmp_path, "one.wav")
    api.dropped_sockets = 2

    outcomes = await run(tmp_path)

    assert statuses(outcomes) == [("one.wav", "ready")]
    assert (api.calls["ingestProgress"], api.calls["PUT"]) == (3, 1)


async def test_a_file_that_got_ready_while_nobody_listened_is_ready(run: Run, api: Any, tmp_path: Path) -> None:
    """It is this import's own: `exists` is said of what was there before."""
    write(tmp_path, "one.wav")
    api.dropped_sockets = 1
    viewer = api.viewer

    def ingested_meanwhile(asked: Any) -> Any:
        for track in api.tracks.values():
            track["ingest"] = {"status": "READY"}
        return viewer(asked)

    api.viewer = ingested_meanwhile

    outcomes = await run(tmp_path)

    assert statuses(outcomes) == [("one.wav", "ready")]
    assert (api.calls["ingestProgress"], api.calls["PUT"]) == (1, 1)


async def test_a_queue_longer_than_many_tokens_is_waited_out(run: Run, api: Any, tmp_path: Path) -> None:
    write(tmp_path, "one.wav")
    api.dropped_sockets, api.drop_code = 3 * ATTEMPTS, 4403

    outcomes = await run(tmp_path)

    assert statuses(outcomes) == [("one.wav", "ready")]
    assert (api.calls["ingestProgress"], api.calls["viewer"]) == (3 * ATTEMPTS + 1, 1)
