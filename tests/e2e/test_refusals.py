"""What must not work: foreign tokens, twisted paths, strangers, listeners who upload, masters that are none."""

import asyncio
import http.client
import io
import re
from pathlib import PurePath
from urllib.parse import urlsplit

import numpy as np
import pytest
import soundfile as sf


def tone(seconds: float) -> bytes:
    buffer = io.BytesIO()
    samples = 0.3 * np.sin(np.arange(int(48_000 * seconds)) * 0.05)
    sf.write(buffer, np.stack([samples, samples], axis=1), 48_000, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


def raw_get(url: str, path: str) -> tuple[int, bytes]:
    """GET exactly this path: a URL library would tidy it up first."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.putrequest("GET", path, skip_accept_encoding=True)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


@pytest.fixture
async def playable(artist, listener):
    """Two tracks' HLS URLs, as a listener got them."""
    urls = []
    for name in ("first.wav", "second.wav"):
        track = await artist.create_track(name)
        await artist.upload(track, name, tone(2))
        assert (await artist.follow_ingest(track))[-1]["status"] == "READY"
        urls.append((await listener.start_playback(track))["hlsUrl"])
    return urls


def twisted(first: str, second: str) -> dict[str, str]:
    """Paths that have to be refused, by what is wrong with them."""
    path = urlsplit(first).path
    _, token, rest = path.split("/", 2)
    other_rest = urlsplit(second).path.split("/", 2)[2]
    directory, file_name = rest.rsplit("/", 1)
    flipped = token[:-1] + ("A" if token[-1] != "A" else "B")
    older = re.sub(r"\d{10}", lambda found: str(int(found[0]) - 10_000_000), token, count=1)
    assert older != token
    return {
        "a tampered token": f"/{flipped}/{rest}",
        "a token whose expiry was moved": f"/{older}/{rest}",
        "no token": f"/{rest}",
        "another asset's path": f"/{token}/{other_rest}",
        "a climb out of the directory": f"/{token}/{directory}/../../{other_rest.split('/', 1)[1]}",
        "an encoded climb": f"/{token}/{directory}/%2e%2e/%2e%2e/{other_rest.split('/', 1)[1]}",
        "an encoded slash": f"/{token}/{directory}%2f{file_name}",
        "a double slash": f"/{token}//{rest}",
        "a backslash": f"/{token}/{directory}\\{file_name}",
    }


async def test_origin_refuses_without_a_cause(playable) -> None:
    first, second = playable
    assert raw_get(first, urlsplit(first).path)[0] == 200
    refusals = {name: raw_get(first, path) for name, path in twisted(first, second).items()}
    assert {name: status for name, (status, _) in refusals.items()} == dict.fromkeys(refusals, 403)
    assert len({body for _, body in refusals.values()}) == 1  # nothing tells one refusal from another


async def test_playback_without_sign_in_is_a_typed_error(artist, stranger) -> None:
    track = await artist.create_track("unheard")
    body = await stranger.answer(
        "mutation($track: ID!) { startPlayback(input: {trackId: $track}) { playback { id } } }", track=track
    )
    assert [error["extensions"]["code"] for error in body["errors"]] == ["UNAUTHENTICATED"]


async def test_listener_may_not_upload(artist, listener) -> None:
    track = await artist.create_track("not yours")
    body = await listener.answer(
        "mutation($input: CreateUploadInput!) { createUpload(input: $input) { upload { id } } }",
        input={
            "trackId": track,
            "fileName": "x.wav",
            "contentType": "audio/wav",
            "sizeBytes": 1,
            "sha256": "00" * 32,
        },
    )
    assert [error["extensions"]["code"] for error in body["errors"]] == ["FORBIDDEN"]


def stored_files(appliance) -> set[PurePath]:
    root = appliance.home / "s3"
    return {path.relative_to(root) for path in root.rglob("*") if path.is_file()}


def unfinished(files: set[PurePath]) -> set[PurePath]:
    """Files of no published asset and of no drawn image: the demo library may still be coming in."""
    finished = {file.parent for file in files if file.name in {"asset.json", "image.json"}}
    return {file for file in files if file.parent not in finished}


@pytest.mark.parametrize(
    ("master", "code"),
    [
        pytest.param(b"This is a letter, not a recording.\n" * 40, "unsupported_container", id="a text file"),
        pytest.param(b"", "empty", id="an empty file"),
        pytest.param(tone(3)[:200_000], "truncated", id="a file that ends early"),
        pytest.param(tone(0), "too_short", id="a file without a sample"),
    ],
)
async def test_bad_master_fails_with_a_code_and_leaves_nothing(appliance, artist, master, code) -> None:
    before = stored_files(appliance)
    track = await artist.create_track(f"bad {code}")
    await artist.upload(track, "bad.wav", master)
    events = await artist.follow_ingest(track)
    assert events[-1]["status"] == "FAILED"
    failure = events[-1]["failure"]
    assert failure["code"].lower() == code
    assert len(failure["message"]) > 20
    async with asyncio.timeout(900):  # for as long as the demo library may come in
        while unfinished(stored_files(appliance)) - before:
            await asyncio.sleep(0.5)
