"""What still works while a service stands still, and that nothing is half done once it goes on.

The services are the appliance's own. They are halted, not killed: the supervisor would start a killed one again before
anybody notices. Sockets of a halted one stay open and nothing answers, which is the harder way of being away. The
appliance is this file's own too, so that no other test meets the delays.
"""

import asyncio
import hashlib
import io
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urljoin

import msgspec
import numpy as np
import pytest
import soundfile as sf

from loadtests.appliance import Appliance, running, second_terminal

BACK_WITHIN_S = 180
CREATE_TRACK = (
    "mutation($artist: ID!, $title: String!) { createTrack(input: {artistId: $artist, title: $title})"
    " { track { id } userErrors { code } } }"
)
COMPLETE_UPLOAD = (
    "mutation($id: ID!) { completeUpload(input: {uploadId: $id}) { track { id } userErrors { code message } } }"
)
REPORT_PLAYBACK = (
    "mutation($track: ID!) { reportPlayback(input: {trackId: $track, state: PLAYING, positionMs: 0})"
    " { nowPlaying { state } userErrors { code } } }"
)


@pytest.fixture(scope="module")
def appliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    folder = tmp_path_factory.mktemp("outages")
    # As long as a store that goes on may take on a busy machine, and a halted one is waited for.
    environment = {**second_terminal(folder / "home", dict(os.environ)), "SEGUE_READ_DEADLINE_S": "5"}
    with running(environment, folder / "up.log", "--no-demo") as started:
        yield started


def children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            text = stat.read_text(encoding="utf-8", errors="replace")
            if int(text.rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return found


def halt(pid: int) -> Iterator[int]:
    """Stop a process, then whatever it has started; a parent that stands still starts nothing more."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
        yield pid
        for child in children(pid):
            yield from halt(child)


@contextmanager
def halted(appliance: Appliance, service: str) -> Iterator[None]:
    record = msgspec.json.decode((appliance.home / "run" / f"{service}.process").read_bytes())
    stopped = []
    try:
        stopped.extend(halt(record["pid"]))
        yield
    finally:
        for pid in stopped or [record["pid"]]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def tone(hertz: float) -> bytes:
    buffer = io.BytesIO()
    wave = 0.3 * np.sin(2 * np.pi * hertz * np.arange(96_000) / 48_000)
    sf.write(buffer, np.stack([wave, wave], axis=1), 48_000, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


async def ready_track(artist, title: str, hertz: float) -> str:
    track = await artist.create_track(title)
    await artist.upload(track, "tone.wav", tone(hertz))
    assert (await artist.follow_ingest(track))[-1]["status"] == "READY"
    return track


def codes(body) -> list[str]:
    return [error["extensions"]["code"] for error in body.get("errors", ())]


async def answer_of(http, url: str):
    async with http.get(url) as response:
        return response.status, response.headers.get("retry-after"), await response.read()


async def etag_of(http, url: str) -> str:
    """By a HEAD, which reads nothing."""
    async with http.head(url) as response:
        assert response.status == 200
        return response.headers["etag"]


async def status_of_held(http, url: str, etag: str) -> int:
    async with http.get(url, headers={"if-none-match": etag}) as response:
        return response.status


async def readiness(http, appliance):
    async with http.get(f"{appliance.graph_url}/health/ready") as response:
        return response.status, (await response.json())["services"]


async def is_up_again(http, appliance) -> None:
    async with asyncio.timeout(BACK_WITHIN_S):
        while await readiness(http, appliance) != (200, dict.fromkeys(("postgresql", "valkey", "s3"), "up")):
            await asyncio.sleep(0.1)


async def files_of(http, manifest: str) -> list[str]:
    """The URLs of a presentation's playlists, and of everything that they name."""
    urls, waiting = [], [manifest]
    while waiting:
        url = waiting.pop()
        urls.append(url)
        if ".m3u8" in url:
            text = (await answer_of(http, url))[2].decode()
            named = [line for line in text.splitlines() if line and not line.startswith("#")]
            named += [line.split('URI="')[1].split('"')[0] for line in text.splitlines() if 'URI="' in line]
            waiting += [urljoin(url, name) for name in named]
    return list(dict.fromkeys(urls))


async def test_without_valkey_the_api_answers_and_live_features_say_so(appliance, http, artist, listener) -> None:
    track = await ready_track(artist, "heard without a cache", 440)
    with halted(appliance, "valkey"):
        async with asyncio.timeout(60):
            assert (await listener.data("query($id: ID!) { track(id: $id) { title } }", id=track))["title"]
            assert (await listener.start_playback(track))["hlsUrl"]
            assert await artist.create_track("made without a cache")
            assert codes(await listener.answer(REPORT_PLAYBACK, track=track)) == ["SERVICE_UNAVAILABLE"]
            status, services = await readiness(http, appliance)
    assert (status, services["valkey"]) == (200, "down")
    await is_up_again(http, appliance)
    reported = await listener.data(REPORT_PLAYBACK, track=track)
    assert reported["nowPlaying"] == {"state": "PLAYING"}


async def test_without_s3_what_is_known_goes_on_and_the_rest_is_503(appliance, http, artist, listener) -> None:
    known = (await listener.start_playback(await ready_track(artist, "known", 550)))["hlsUrl"]
    unknown = (await listener.start_playback(await ready_track(artist, "unknown", 660)))["hlsUrl"]
    urls = await files_of(http, known)
    manifests = [url for url in urls if ".m3u8" in url]
    media = [url for url in urls if url not in manifests]
    assert media
    hot = [url for url in media if "/aac-96/" in url]
    assert 0 < len(hot) < len(media)
    before = [await answer_of(http, url) for url in (*manifests, *hot)]
    held = [await etag_of(http, url) for url in media]
    cold = next(url for url in media if "/flac/" in url)
    with halted(appliance, "s3"):
        async with asyncio.timeout(60):
            assert [await answer_of(http, url) for url in (*manifests, *hot)] == before
            # A cache in front that asks whether what it holds is still good is told so.
            assert [await status_of_held(http, *pair) for pair in zip(media, held, strict=True)] == [304] * len(media)
            answers = await asyncio.gather(*(answer_of(http, url) for url in (cold, unknown)))
    assert [status for status, _, _ in answers] == [503, 503]
    assert all(int(retry_after) > 0 for _, retry_after, _ in answers)
    await is_up_again(http, appliance)
    assert [(await answer_of(http, url))[0] for url in (*media, unknown)] == [200] * (len(media) + 1)


async def promised(artist, track: str, master: bytes) -> str:
    """An upload whose object has arrived, and that nobody has completed."""
    created = await artist.data(
        "mutation($input: CreateUploadInput!) { createUpload(input: $input)"
        " { upload { id url method headers { name value } } userErrors { code message } } }",
        input={
            "trackId": track,
            "fileName": "tone.wav",
            "contentType": "audio/wav",
            "sizeBytes": len(master),
            "sha256": hashlib.sha256(master).hexdigest(),
        },
    )
    promise = created["upload"]
    headers = {header["name"]: header["value"] for header in promise["headers"]}
    async with artist.http.request(promise["method"], promise["url"], data=master, headers=headers) as response:
        assert response.status == 200, await response.text()
    identifier: str = promise["id"]
    return identifier


async def test_upload_that_s3_could_not_confirm_is_completed_later(appliance, http, artist) -> None:
    track = await artist.create_track("completed later")
    upload = await promised(artist, track, tone(770))
    with halted(appliance, "s3"):
        async with asyncio.timeout(60):
            assert codes(await artist.answer(COMPLETE_UPLOAD, id=upload)) == ["SERVICE_UNAVAILABLE"]
    await is_up_again(http, appliance)
    assert (await artist.data("query($id: ID!) { track(id: $id) { ingest { status } } }", id=track))["ingest"] is None
    assert (await artist.data(COMPLETE_UPLOAD, id=upload))["track"] == {"id": track}
    assert (await artist.follow_ingest(track))[-1]["status"] == "READY"


async def test_without_postgresql_nothing_is_half_written(appliance, http, artist) -> None:
    made = await artist.data(
        'mutation { createArtist(input: {name: "Careful"}) { artist { id } userErrors { code } } }'
    )
    name = made["artist"]["id"]
    await artist.data(CREATE_TRACK, artist=name, title="before")
    with halted(appliance, "postgres"):
        async with asyncio.timeout(90):
            refused = await asyncio.gather(
                *(artist.answer(CREATE_TRACK, artist=name, title=f"meanwhile {number}") for number in range(3))
            )
            status, services = await readiness(http, appliance)
    assert [codes(body) for body in refused] == [["SERVICE_UNAVAILABLE"]] * 3
    assert (status, services["postgresql"]) == (503, "down")
    await is_up_again(http, appliance)
    await artist.data(CREATE_TRACK, artist=name, title="after")
    found = await artist.data(
        "query($id: ID!) { artist(id: $id) { tracks(first: 100) { edges { node { title } } } } }", id=name
    )
    assert [edge["node"]["title"] for edge in found["tracks"]["edges"]] == ["before", "after"]
