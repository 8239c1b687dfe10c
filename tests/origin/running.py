"""A running origin: the real process over a real store, asked by raw HTTP."""

import asyncio
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from config.objects import open_store
from config.settings import origin_settings, s3_settings
from edge.token import mint
from origin import layout
from tests.origin.recording import Recording

STORE_PATIENCE = {"SEGUE_READ_DEADLINE_S": "60"}
"""On a busy machine the store may take longer to answer than a listener's origin waits, and that would be a 503."""


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Origin(NamedTuple):
    """A running origin, as its clients and its operator see it."""

    environment: dict[str, str]
    process: "subprocess.Popen[bytes]"
    log: Path
    recording: Recording

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.environment['SEGUE_ORIGIN_PORT']}"

    def ask(self, path: str, *, method: str = "GET", **headers: str) -> Answer:
        """One request with exactly this path: a URL library would tidy it up first."""
        connection = http.client.HTTPConnection(self.host, timeout=120)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def path(self, name: str, *, lifetime_s: int = 600, **changes: object) -> str:
        """The signed path of a file of the recording."""
        key = origin_settings(self.environment).edge_keys[0]
        asset = self.recording.asset
        values = {
            "key_id": key.key_id,
            "secret": bytes.fromhex(key.secret.reveal()),
            "directory": layout.asset_directory(asset.asset_id),
            "expires_at_s": int(time.time()) + lifetime_s,
            **changes,
        }
        return f"/{mint(**values)}/{layout.revision_directory(asset.asset_id, asset.revision)}{name}"

    def url(self, name: str) -> str:
        return f"http://{self.host}{self.path(name)}"


@contextmanager
def running_origin(environment: dict[str, str], folder: Path, recording: Recording) -> Iterator[Origin]:
    """Start `origin.server.serve` in a process of its own and end it by SIGTERM."""
    log = folder / "origin.log"
    program = "import json, sys; from origin.server import serve; serve(json.load(sys.stdin))"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=stream,
            stderr=stream,
            cwd=Path(__file__).parents[2],
        )
    assert process.stdin is not None
    with process.stdin:
        process.stdin.write(json.dumps({**STORE_PATIENCE, **environment}).encode())
    origin = Origin(environment=environment, process=process, log=log, recording=recording)
    try:
        wait_until_live(origin)
        yield origin
    finally:
        process.terminate()
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_live(origin: Origin) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            assert origin.ask("/health/live").status == 200
        except OSError:
            assert origin.process.poll() is None, origin.log.read_text()
            assert time.monotonic() < deadline, origin.log.read_text()
            time.sleep(0.02)
        else:
            return


def store_recording(environment: dict[str, str], recording: Recording) -> None:
    """Make the bucket and put there what ingest would have put."""

    async def put() -> None:
        async with open_store(s3_settings(environment)) as store:
            await store.create_bucket()
            for key, content in recording.objects().items():
                await store.write(key, content, content_type="application/octet-stream")

    asyncio.run(put())
