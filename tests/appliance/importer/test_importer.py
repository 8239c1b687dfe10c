import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from appliance import sending
from appliance.client import GraphClient
from appliance.client_errors import GraphAway
from appliance.importer import files, passage, recognition
from appliance.importer.albums import Description
from appliance.importer.batch import ATTEMPTS, IN_FLIGHT, Batch
from appliance.importer.catalogue import Catalogue
from appliance.importer.files import content, describe, find
from appliance.importer.outcome import Outcome, Status
from appliance.importer.recognition import ByFingerprint, Recognition, Unrecognised


class Steps:
    """Remembers what a bar would show."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, float]] = []

    def advance(self, file: Path, step: str, fraction: float) -> None:
        self.seen.append((file.name, step, round(fraction, 3)))


class Run:
    """One `segue import`: a new catalogue and importer each time, as a new process has."""

    def __init__(self, client: GraphClient, api: Any) -> None:
        self.client = client
        self.api = api
        self.steps = Steps()
        self.recognition: Recognition = Unrecognised()
        self.told: list[Outcome] = []

    async def __call__(self, *paths: Path) -> list[Outcome]:
        catalogue = Catalogue(self.client, self.api.own_artists, default_artist="The Account")
        sources, _ = find(paths)
        batch = Batch(self.client, catalogue, self.recognition, self.steps)
        return await batch.run(sources, finished=self.told.append)


@pytest.fixture
def run(client: GraphClient, api: Any, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(passage, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(sending, "FIRST_PAUSE_S", 0.01)
    return Run(client, api)


def write(folder: Path, *names: str) -> list[Path]:
    files = [folder / name for name in names]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(f"the bytes of {file.name}".encode() * 50_000)
    return files


def statuses(outcomes: list[Outcome]) -> list[tuple[str, str]]:
    return [(outcome.file.name, outcome.status.value) for outcome in outcomes]


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
    await asyncio.sleep(0.05)
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


@pytest.fixture
def listening(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """A run that knows what a file sounds like: the words before the first bar. Counts how often it listened."""
    heard: Counter[str] = Counter()

    async def before_the_bar(file: Path, *, scratch: Path) -> str | None:
        assert scratch == tmp_path
        heard[file.name] += 1
        return file.read_text().partition("|")[0] or None

    monkeypatch.setattr(recognition, "fingerprint", before_the_bar)
    run.recognition = ByFingerprint(tmp_path)
    return heard


async def test_the_same_audio_in_another_file_is_there_already(
    run: Run, api: Any, listening: Counter[str], tmp_path: Path
) -> None:
    (tmp_path / "a.wav").write_text("hum|wav")
    (tmp_path / "b.flac").write_text("hum|flac, other tags")
    (tmp_path / "c.wav").write_text("drum|wav")

    together = await run(tmp_path)
    again = await run(tmp_path / "b.flac")

    assert sorted(outcome.status.value for outcome in together) == ["exists", "ready", "ready"]
    assert together[0].track == together[1].track == again[0].track
    assert statuses(again) == [("b.flac", "exists")]
    assert (len(api.tracks), api.calls["PUT"]) == (2, 2)
    assert listening == {"a.wav": 1, "b.flac": 1, "c.wav": 1}  # the second run has heard it before


async def test_a_file_that_is_there_is_not_listened_to(run: Run, listening: Counter[str], tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("hum|wav")
    await run(tmp_path)
    run.recognition = ByFingerprint(tmp_path)
    listening.clear()

    assert statuses(await run(tmp_path)) == [("a.wav", "exists")]
    assert not listening


async def test_what_cannot_be_decoded_is_left_to_the_ingest(
    run: Run, api: Any, listening: Counter[str], tmp_path: Path
) -> None:
    (tmp_path / "a.wav").write_text("|noise")
    (tmp_path / "b.wav").write_text("|other noise")

    assert [status for _, status in statuses(await run(tmp_path))] == ["ready", "ready"]
    assert (len(api.tracks), sum(listening.values())) == (2, 2)


async def test_a_large_file_goes_in_parts_a_few_at_a_time(run: Run, api: Any, tmp_path: Path) -> None:
    api.part_bytes = 100_000
    [file] = write(tmp_path, "one.wav")
    api.parts_go_on.clear()
    running = asyncio.create_task(run(file))
    while api.parts_at_once < sending.PARALLEL_PARTS:
        await asyncio.sleep(0.01)
    api.parts_go_on.set()

    outcomes = await running

    assert statuses(outcomes) == [("one.wav", "ready")]
    assert list(api.stored.values()) == [file.read_bytes()]
    assert (api.calls["PUT"], api.calls["PUT part"]) == (0, 10)
    assert api.most_parts_at_once == sending.PARALLEL_PARTS
    fractions = [fraction for _, step, fraction in run.steps.seen if step == "uploading"]
    assert (fractions[0], fractions[-1]) == (0.0, round(passage.UPLOAD_SHARE, 3))


async def test_only_the_parts_that_have_not_arrived_are_sent(run: Run, api: Any, tmp_path: Path) -> None:
    api.part_bytes = 100_000
    [file] = write(tmp_path, "one.wav")
    api.faults["PUT part"] = [web.Response(status=400) for _ in range(2)]
    refused = await run(file)
    arrived = len(api.parts)
    api.faults["PUT part"].clear()
    api.calls.clear()

    outcomes = await run(file)

    assert statuses(refused) == [("one.wav", "failed")]
    assert statuses(outcomes) == [("one.wav", "ready")]
    assert api.calls["PUT part"] == 10 - arrived
    assert (len(api.tracks), len(api.uploads)) == (1, 1)


async def test_a_part_that_the_store_drops_is_sent_again_and_the_others_are_not(
    run: Run, api: Any, tmp_path: Path
) -> None:
    api.part_bytes = 100_000
    [file] = write(tmp_path, "one.wav")
    api.faults["PUT part"] = [web.Response(status=503) for _ in range(3)]

    assert statuses(await run(file)) == [("one.wav", "ready")]
    assert (api.calls["PUT part"], api.calls["createUpload"]) == (10 + 3, 1)


async def test_an_upload_that_the_store_has_broken_is_given_up_for_another(run: Run, api: Any, tmp_path: Path) -> None:
    api.part_bytes = 100_000
    api.broken_uploads = {"upload-0"}
    [file] = write(tmp_path, "one.wav")

    assert statuses(await run(file)) == [("one.wav", "ready")]
    assert (list(api.stored), api.calls["abortUpload"], api.calls["createUpload"]) == (["upload-1"], 1, 4 + 3)


async def test_a_store_that_is_busy_loses_nothing_of_an_upload(run: Run, api: Any, tmp_path: Path) -> None:
    api.part_bytes = 100_000
    [file] = write(tmp_path, "one.wav")
    api.faults["PUT part"] = [web.Response(status=503) for _ in range(1000)]

    assert statuses(await run(file)) == [("one.wav", "failed")]
    assert (api.calls["abortUpload"], len(api.uploads)) == (0, 1)


async def test_a_file_that_has_arrived_is_only_completed(run: Run, api: Any, answers: Any, tmp_path: Path) -> None:
    api.part_bytes = 100_000
    [file] = write(tmp_path, "one.wav")
    _, system_error = answers
    api.faults["completeUpload"] = [system_error("SERVICE_UNAVAILABLE", "Away.", status=503)]

    assert statuses(await run(file)) == [("one.wav", "ready")]
    assert (api.calls["PUT part"], api.calls["completeUpload"]) == (10, 2)


async def test_signatures_that_run_out_are_renewed_as_long_as_it_gets_on(run: Run, api: Any, tmp_path: Path) -> None:
    api.part_bytes = 100_000
    [file] = write(tmp_path, "one.wav")
    api.first_signatures = 4

    outcomes = await run(file)

    assert statuses(outcomes) == [("one.wav", "ready")]
    assert api.calls["late part"] > 0
    assert api.calls["PUT part"] - api.calls["late part"] == 10
    assert api.calls["createUpload"] == 2


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
