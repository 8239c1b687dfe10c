"""The commands and the demo against the real graph and ingest worker, on the embedded services."""

import asyncio
import io
import json
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import numpy as np
import pytest
import soundfile
from aiohttp import web
from aiohttp.test_utils import TestServer

from appliance.demo import seed
from appliance.demo.library import PIECES

READY_LIMIT_S = 120
UPLOADS_PAGE = Path(__file__).parents[3] / "docs" / "uploads.md"


@pytest.fixture
def running(environment: dict[str, str], tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a graph and an ingest worker that run."""
    with ExitStack() as stack:
        for name in ("graph", "ingest"):
            stack.enter_context(_process(name, environment, tmp_path / f"{name}.log"))
        _wait_for(f"http://127.0.0.1:{environment['SEGUE_GRAPH_PORT']}/health/ready")
        yield environment


@contextmanager
def _process(name: str, environment: Mapping[str, str], log: Path) -> Iterator[None]:
    with log.open("wb") as stream:
        child = subprocess.Popen(
            [sys.executable, "-m", "appliance", name], env=environment, stdout=stream, stderr=stream
        )
    try:
        yield
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(timeout=60)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + READY_LIMIT_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            assert time.monotonic() < deadline, f"{url} is not ready after {READY_LIMIT_S} s"
            time.sleep(0.1)


def segue(environment: Mapping[str, str], *arguments: str, status: int = 0) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        [sys.executable, "-m", "appliance", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == status, done.stderr
    return done


def stderr_when_nobody_reads(environment: Mapping[str, str], *arguments: str) -> str:
    """What a command says when the reader of its standard output is gone, as `head` is after its last line."""
    command = [sys.executable, "-m", "appliance", *arguments]
    child = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.close()
    with child.stderr:
        said = child.stderr.read()
    assert child.wait() == 1
    return said


def _write_tone(file: Path, hertz: float) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    tone = 0.3 * np.sin(2 * np.pi * hertz * np.arange(48_000) / 48_000)
    buffer = io.BytesIO()
    soundfile.write(buffer, np.stack([tone, tone], axis=1), 48_000, format=file.suffix[1:].upper(), subtype="PCM_16")
    file.write_bytes(buffer.getvalue())


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Two tones, a text that is called a tune, and a picture, which an import leaves out."""
    sines = tmp_path / "music" / "The Tones" / "Sines"
    _write_tone(sines / "01 Low.wav", 220)
    _write_tone(sines / "02 High.flac", 880)
    (sines / "03 Words.wav").write_text("no music at all")
    (sines / "cover.jpg").write_text("left out")
    return tmp_path / "music"


def rows_of(done: "subprocess.CompletedProcess[str]") -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_imports_a_folder_twice_and_plays_what_it_holds(running: dict[str, str], music: Path) -> None:
    segue(running, "user", "create", "tones@example.com", "--role", "artist")
    segue(running, "user", "create", "ear@example.com", "--role", "listener")

    first = segue(running, "import", str(music), "--json", "--as", "tones@example.com", status=1)
    second = segue(running, "import", str(music), "--json", "--as", "tones@example.com", status=1)
    plain = segue(running, "import", str(music), "--as", "tones@example.com", status=1)

    rows, again = rows_of(first), rows_of(second)
    assert [(Path(row["file"]).name, row["status"], row["code"]) for row in rows] == [
        ("01 Low.wav", "ready", None),
        ("02 High.flac", "ready", None),
        ("03 Words.wav", "failed", "unsupported_container"),
    ]
    assert [row["status"] for row in again] == ["exists", "exists", "failed"]
    assert [row["track"] for row in again] == [row["track"] for row in rows]
    assert first.stderr == "Left out as no music: cover.jpg.\n"
    for form in ([], ["--json"]):
        said = stderr_when_nobody_reads(running, "import", str(music), *form, "--as", "tones@example.com")
        assert said == first.stderr
    assert "3 files: 2 there already, 1 failed" in plain.stdout
    assert "This is not an audio file" in plain.stdout
    _knows_audio_in_another_container(running, music, track=rows[1]["track"])
    _plays(running, track=rows[0]["track"])


def _knows_audio_in_another_container(running: dict[str, str], music: Path, *, track: str) -> None:
    copy = music.parent / "Another name.aiff"
    samples, rate = soundfile.read(music / "The Tones" / "Sines" / "02 High.flac", dtype="int16")
    soundfile.write(copy, samples, rate, subtype="PCM_16")
    (row,) = rows_of(segue(running, "import", str(copy), "--json", "--as", "tones@example.com"))
    assert (row["status"], row["track"]) == ("exists", track)


def _plays(running: dict[str, str], *, track: str) -> None:
    """By a word of its title, by its artist's name and by its id; and tells where there is nothing to play."""
    for words in ("high", "the tones", track):
        played = segue(running, "play", words, "--as", "ear@example.com", "--print-url")
        assert played.stdout.splitlines()[-1].startswith(f"{_origin(running)}/s1.")
        assert played.stdout.splitlines()[-1].endswith("/master.m3u8")
    dash = segue(running, "play", "low", "--as", "ear@example.com", "--protocol", "dash")
    assert dash.stdout.splitlines()[-1].endswith("/manifest.mpd")
    assert "Low, by The Tones" in dash.stderr
    nothing = segue(running, "play", "words", "--as", "ear@example.com", status=1)
    assert nothing.stderr == "segue: nothing to play was found for 'words'\n"


def test_the_page_on_uploads_is_a_program_that_works(running: dict[str, str], tmp_path: Path) -> None:
    page = UPLOADS_PAGE.read_text("utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (query,) = re.findall(r"^```graphql\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    program = "\n".join((*blocks, f"viewer = ask({query!r})", 'assert set(viewer) == {"upload", "trackByFingerprint"}'))
    own = {
        '"http://127.0.0.1:8000"': f'"http://127.0.0.1:{running["SEGUE_GRAPH_PORT"]}"',
        '".venv/bin/segue"': f'{sys.executable!r}, "-m", "appliance"',
    }
    for written, here in own.items():
        assert program.count(written) == 1
        program = program.replace(written, here)
    file = tmp_path / "uploads.py"
    file.write_text(program)
    segue(running, "user", "create", "artist@demo.segue.example", "--role", "artist")

    done = subprocess.run([sys.executable, file], env=running, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


class Gate:
    """A way to the object store that lets the first parts through, and the others when it is opened."""

    def __init__(self, store_url: str, *, parts: int) -> None:
        self._store_url = store_url
        self._parts = parts
        self.came: list[int] = []
        self.passed: list[int] = []
        self.refused: list[tuple[int, int]] = []
        """Part and status of the store's other answers."""
        self.shut = asyncio.Event()
        """Set when as many have passed as may, and another has come."""
        self.opened = asyncio.Event()

    async def handle(self, request: web.Request) -> web.Response:
        number = int(request.query["partNumber"])
        self.came.append(number)
        if number > self._parts and not self.opened.is_set():
            while len(self.passed) < self._parts:
                await asyncio.sleep(0.01)
            self.shut.set()
            await self.opened.wait()
        body = await request.read()
        # The signature covers the host that the client has named.
        headers = {"host": request.headers["host"]}
        url = f"{self._store_url}{request.raw_path}"
        async with aiohttp.ClientSession() as http, http.put(url, data=io.BytesIO(body), headers=headers) as answer:
            if answer.status == 200:
                self.passed.append(number)
            else:
                self.refused.append((number, answer.status))
            return web.Response(status=answer.status, body=await answer.read())

    async def wait_until_shut(self, first: asyncio.subprocess.Process) -> None:
        """Wait for the import to stand before the gate; one that does not is ended, and says how far it came."""
        try:
            await asyncio.wait_for(self.shut.wait(), READY_LIMIT_S)
        except TimeoutError:
            first.send_signal(signal.SIGINT)
            told, said = await asyncio.wait_for(first.communicate(), READY_LIMIT_S)
            pytest.fail(f"came {self.came}, passed {self.passed}, refused {self.refused}; {told!r} {said!r}")


async def test_an_import_that_ctrl_c_ended_goes_on_in_the_middle_of_a_file(
    environment: dict[str, str], tmp_path: Path
) -> None:
    gate = Gate(environment["SEGUE_S3_ENDPOINT"], parts=2)
    app = web.Application(client_max_size=2**26)
    app.router.add_put("/{key:.*}", gate.handle)
    file = tmp_path / "large.wav"
    file.write_bytes(b"no music at all " * 700_000)  # 11,200,000 bytes: two parts of 5 MiB and a shorter one
    async with TestServer(app) as server:
        own = {
            **environment,
            "SEGUE_S3_PUBLIC_ENDPOINT": str(server.make_url("")).rstrip("/"),
            "SEGUE_MULTIPART_FROM_BYTES": "10000000",
            "SEGUE_UPLOAD_PART_BYTES": str(5 * 1024**2),
        }
        with ExitStack() as stack:
            for name in ("graph", "ingest"):
                stack.enter_context(_process(name, own, tmp_path / f"{name}.log"))
            await asyncio.to_thread(_wait_for, f"http://127.0.0.1:{own['SEGUE_GRAPH_PORT']}/health/ready")
            await asyncio.to_thread(segue, own, "user", "create", "loud@example.com", "--role", "artist")
            stack.callback(gate.opened.set)  # or else the server would wait for the handlers that stand there
            async with _importing(own, file) as first:
                await gate.wait_until_shut(first)
                first.send_signal(signal.SIGINT)
                _, said = await asyncio.wait_for(first.communicate(), READY_LIMIT_S)
            assert (first.returncode, said.decode()) == (
                130,
                "Stopped. Run the same command again to go on from here.\n",
            )
            assert sorted(gate.passed) == [1, 2]

            gate.opened.set()
            async with _importing(own, file) as second:
                told, _ = await asyncio.wait_for(second.communicate(), READY_LIMIT_S)
    assert sorted(gate.passed) == [1, 2, 3]
    line = json.loads(told)
    assert (second.returncode, line["status"], line["code"]) == (1, "failed", "unsupported_container")
    assert await _counts(own["SEGUE_POSTGRES_URL"]) | {"users": 1, "follows": 0} == {
        **dict.fromkeys(("users", "artists", "albums", "tracks", "uploads", "assets"), 1),
        "follows": 0,
        "albums": 0,
    }


@asynccontextmanager
async def _importing(environment: Mapping[str, str], file: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A running import, which does not outlive its test."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "appliance", "import", str(file), "--json", "--as", "loud@example.com"),
        env=dict(environment),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


async def test_the_demo_is_seeded_once_and_then_left_alone(
    running: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seed, "PIECES", PIECES[7:9])
    said: list[str] = []

    accounts = await seed.ensure_demo(running, tmp_path, report=said.append)

    assert len(said) == 4
    assert said[-1].startswith("The demo library is there: 2 pieces, composed in ")
    url = running["SEGUE_POSTGRES_URL"]
    before = await _counts(url)
    assert before == {"users": 3, "follows": 1, "artists": 2, "albums": 2, "tracks": 2, "uploads": 2, "assets": 2}
    said.clear()

    again = await seed.ensure_demo(running, tmp_path, report=said.append)

    assert again == accounts
    assert said == []
    assert await _counts(url) == before

    (tmp_path / "demo" / "accounts.json").unlink()
    anew = await seed.ensure_demo(running, tmp_path, report=said.append)

    assert anew != accounts
    assert await _counts(url) == before  # new passwords, the same accounts; every piece exists
    played = segue({**running, "SEGUE_HOME": str(tmp_path)}, "token", "listener@demo.segue.example")
    assert played.stdout.count(".") == 2


async def _counts(url: str) -> dict[str, int]:
    connection = await asyncpg.connect(url)
    try:
        tables = ("users", "follows", "artists", "albums", "tracks", "uploads", "assets")
        return {name: await connection.fetchval(f"SELECT count(*) FROM {name}") for name in tables}  # noqa: S608 -- ours
    finally:
        await connection.close()


def _origin(environment: Mapping[str, str]) -> str:
    return environment.get("SEGUE_ORIGIN_URL", f"http://127.0.0.1:{environment['SEGUE_ORIGIN_PORT']}")
