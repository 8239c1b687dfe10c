"""A folder's way into the catalogue, and what is said of each of its files."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from appliance.importer import files
from appliance.importer.albums import Description
from appliance.importer.batch import ATTEMPTS, IN_FLIGHT, Batch
from appliance.importer.catalogue import Catalogue
from appliance.importer.files import content, find
from appliance.importer.outcome import Outcome, Status
from appliance.importer.recognition import Unrecognised
from tests.appliance.importer.runs import Run, statuses, write


async def test_uploads_a_folder_and_follows_each_file_to_its_end(run: Run, api: Any, tmp_path: Path) -> None:
    write(tmp_path, "Band/Album/01 One.wav", "Band/Album/02 Two.wav", "Band/Other/01 Three.flac")

    outcomes = await run(tmp_path)

    assert statuses(outcomes) == [("01 One.wav", "ready"), ("02 Two.wav", "ready"), ("01 Three.flac", "ready")]
    assert list(api.artists.values()) == ["Band"]
    assert sorted(album["title"] for album in api.albums.values()) == ["Album", "Other"]
    assert sorted((t["title"], t["trackNumber"]) for t in api.tracks.values()) == [("One", 1), ("Three", 1), ("Two", 2)]
    assert len(api.stored) == 3
    assert sorted({upload["contentType"] for upload in api.uploads.values()}) == ["audio/flac", "audio/wav"]


async def test_tells_outcomes_in_the_order_of_the_files(run: Run, api: Any, tmp_path: Path) -> None:
    files = write(tmp_path, *(f"{n:02}.wav" for n in range(12)))
    api.verdicts[content(files[3]).sha256] = {"code": "CORRUPT", "message": "Broken."}

    await run(tmp_path)

    assert [outcome.file for outcome in run.told] == files


async def test_keeps_a_bounded_number_of_files_in_flight(run: Run, api: Any, tmp_path: Path) -> None:
    write(tmp_path, *(f"{n:02}.wav" for n in range(2 * IN_FLIGHT)))
    api.ingest_goes_on.clear()
    running = asyncio.create_task(run(tmp_path))
    while api.at_once < IN_FLIGHT:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)

    api.ingest_goes_on.set()
    await running

    assert api.most_at_once == IN_FLIGHT


async def test_shows_the_way_of_a_file_from_reading_to_its_end(run: Run, tmp_path: Path) -> None:
    [file] = write(tmp_path, "one.wav")

    await run(file)

    steps = [step for _, step, _ in run.steps.seen]
    fractions = [fraction for _, _, fraction in run.steps.seen]
    assert list(dict.fromkeys(steps)) == ["reading", "recognising", "uploading", "decoding", "done"]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)
    assert steps.count("uploading") == 4  # 900,000 bytes in pieces of 256 KiB


async def test_a_second_run_uploads_nothing(run: Run, api: Any, tmp_path: Path) -> None:
    write(tmp_path, "one.wav", "two.wav")
    first = await run(tmp_path)

    second = await run(tmp_path)

    assert statuses(second) == [("one.wav", "exists"), ("two.wav", "exists")]
    assert [outcome.track for outcome in second] == [outcome.track for outcome in first]
    assert (api.calls["PUT"], api.calls["createTrack"]) == (2, 2)


async def test_two_files_of_one_content_are_one_upload(run: Run, api: Any, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"the same")
    (tmp_path / "b.wav").write_bytes(b"the same")

    outcomes = await run(tmp_path)

    assert sorted(outcome.status.value for outcome in outcomes) == ["exists", "ready"]  # whichever was read first
    assert outcomes[0].track == outcomes[1].track
    assert api.calls["PUT"] == 1


async def test_says_what_the_store_refused(run: Run, api: Any, tmp_path: Path) -> None:
    write(tmp_path, "one.wav")
    api.faults["PUT"] = [web.Response(status=403, text="<Error><Code>SignatureDoesNotMatch</Code></Error>")]

    [outcome] = await run(tmp_path)

    assert (outcome.status, outcome.code) == (Status.FAILED, "store_refused")
    assert outcome.reason == "The object store did not take the file (SignatureDoesNotMatch, status 403)."
    assert api.calls["PUT"] == 1


async def test_a_refused_file_does_not_stop_the_others(run: Run, api: Any, answers: Any, tmp_path: Path) -> None:
    write(tmp_path, "one.wav", "two.wav", "three.wav")
    user_error, _ = answers
    api.faults["createUpload"] = [user_error("sizeBytes", "TOO_LARGE", "The file is larger than a master may be.")]

    outcomes = await run(tmp_path)

    refused = [outcome for outcome in outcomes if outcome.status is Status.FAILED]
    assert [(o.code, o.reason) for o in refused] == [("too_large", "The file is larger than a master may be.")]
    assert len([outcome for outcome in outcomes if outcome.status is Status.READY]) == 2


async def test_gives_up_on_the_first_file_and_then_asks_once_for_each(
    run: Run, api: Any, answers: Any, tmp_path: Path
) -> None:
    write(tmp_path, *(f"{n:02}.wav" for n in range(10)))
    _, system_error = answers
    api.faults["viewer"] = [system_error("SERVICE_UNAVAILABLE", "Away.", status=503) for _ in range(100)]
    first_in_flight, query = asyncio.Barrier(IN_FLIGHT), run.client.query

    async def begun_together(*arguments: Any, **named: Any) -> Any:
        if api.calls["viewer"] == 0:  # or else one that is read slowly would begin when another has given up
            await first_in_flight.wait()
        return await query(*arguments, **named)

    run.client.query = begun_together  # type: ignore[method-assign] # a stand-in

    async with asyncio.timeout(60):
        outcomes = await run(tmp_path)

    assert {(outcome.status, outcome.code) for outcome in outcomes} == {(Status.FAILED, "service_unavailable")}
    assert api.calls["viewer"] == IN_FLIGHT * ATTEMPTS + (10 - IN_FLIGHT)


@pytest.mark.parametrize("linked", [False, True], ids=["named and not there", "a link to nowhere in a folder"])
async def test_a_file_that_cannot_be_read_fails_alone(run: Run, tmp_path: Path, *, linked: bool) -> None:
    [good] = write(tmp_path, "music/good.wav")
    gone = tmp_path / "music" / "gone.wav"
    if linked:
        gone = good.with_name("a link.wav")
        gone.symlink_to(tmp_path / "nowhere")

    outcomes = await run(*([good.parent] if linked else [gone, good]))

    assert [(o.status, o.code, o.reason) for o in outcomes] == [
        (Status.FAILED, "unreadable_file", "The file cannot be read: No such file or directory."),
        (Status.READY, None, None),
    ]


async def test_a_file_that_is_gone_before_it_is_sent_fails_alone(run: Run, api: Any, tmp_path: Path) -> None:
    gone, good = write(tmp_path, "gone.wav", "good.wav")
    create_upload = api.create_upload

    def vanish(promise: Any) -> Any:
        if promise["fileName"] == "gone.wav":
            gone.unlink()
        return create_upload(promise)

    api.create_upload = vanish

    outcomes = await run(gone, good)

    assert [(o.status, o.code, o.reason) for o in outcomes] == [
        (Status.FAILED, "unreadable_file", "The file cannot be read: No such file or directory."),
        (Status.READY, None, None),
    ]


async def test_a_listener_that_breaks_ends_the_import_with_its_own_error(run: Run, api: Any, tmp_path: Path) -> None:
    files = write(tmp_path, *(f"{n:02}.wav" for n in range(3 * IN_FLIGHT)))
    catalogue = Catalogue(run.client, api.own_artists, default_artist="The Account")
    batch = Batch(run.client, catalogue, Unrecognised(), run.steps)

    def closed_pipe(_: Outcome) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        await batch.run(find(files)[0], finished=closed_pipe)

    running = {getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()}
    assert "Batch._outcome" not in running
    assert api.calls["completeUpload"] < len(files)


async def test_an_empty_file_is_sent_for_the_ingest_to_judge(run: Run, api: Any, tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    api.verdicts[content(tmp_path / "empty.wav").sha256] = {"code": "EMPTY", "message": "The file is empty."}

    [outcome] = await run(tmp_path)

    assert (outcome.status, outcome.code) == (Status.FAILED, "empty")
    assert list(api.stored.values()) == [b""]


async def test_finds_its_artist_and_album_again_whatever_their_case(run: Run, api: Any, tmp_path: Path) -> None:
    api.artists["artist-0"] = "THE  BAND"
    for n in range(5):
        api.create_album({"artistId": "artist-0", "title": f"Filler {n}"})
    api.create_album({"artistId": "artist-0", "title": "Älbum"})
    write(tmp_path, "The Band/älbum/01 One.wav")

    await run(tmp_path)

    assert (len(api.artists), len(api.albums)) == (1, 6)
    assert api.tracks["track-0"]["album"] == {"id": "album-5"}


async def test_files_without_album_and_artist_are_singles_of_the_account(run: Run, api: Any, tmp_path: Path) -> None:
    [file] = write(tmp_path, "lone.wav")

    await run(file)

    assert list(api.artists.values()) == ["The Account"]
    assert [(t["title"], t["album"], t["trackNumber"]) for t in api.tracks.values()] == [("lone", None, None)]


async def test_old_music_waits_and_a_release_to_come_does_not(
    run: Run, api: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dates = {"old": "1999-01-01", "unknown": None, "next year": f"{datetime.now(UTC).year + 1}-01-01"}
    for name in dates:
        (tmp_path / f"{name}.wav").write_text(name)
    describe = files.describe

    def dated(source: Any) -> Description:
        return msgspec.structs.replace(describe(source), release_date=dates[source.file.stem])

    monkeypatch.setattr(files, "describe", dated)

    await run(tmp_path)

    assert {upload["fileName"]: upload["backCatalogue"] for upload in api.uploads.values()} == {
        "old.wav": True,
        "unknown.wav": True,
        "next year.wav": False,
    }


async def test_a_compilation_is_one_album_of_many_artists(
    run: Run, api: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "Hits/CD1/01 One.wav", "Hits/CD1/02 Two.wav", "Hits/CD2/01 Three.wav")
    artists = {"01 One": "Ada", "02 Two": "Bert feat. Cleo", "01 Three": "Dora"}
    describe = files.describe

    def by_tag(source: Any) -> Description:
        return msgspec.structs.replace(describe(source), artist=artists[source.file.stem])

    monkeypatch.setattr(files, "describe", by_tag)

    await run(tmp_path)
    await run(tmp_path)

    assert sorted(api.artists.values()) == ["Ada", "Bert", "Dora", "Various Artists"]
    (album,) = api.albums.values()
    assert (album["title"], api.artists[album["artistId"]]) == ("Hits", "Various Artists")
    assert sorted((t["title"], api.artists[t["artistId"]], t["discNumber"]) for t in api.tracks.values()) == [
        ("One", "Ada", 1),
        ("Three", "Dora", 2),
        ("Two (feat. Cleo)", "Bert", 1),
    ]
