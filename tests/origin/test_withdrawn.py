"""A withdrawn asset as its listeners meet it: the real process over real S3, and a Valkey that may be stopped."""

import asyncio
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from appliance.embedded import valkey as embedded
from config import withdrawals
from config.errors import ServiceUnavailable
from config.objects import open_store
from config.settings import Secret, ValkeySettings, origin_settings, s3_settings
from config.valkey import open_valkey
from edge.terms import Terms
from edge.token import mint
from origin import layout
from origin.running_order import Place, directory

PATIENCE_S = 50.0
"""Shorter than `HELD_S`, after which a withdrawal would be noticed in any case."""
PASSWORD = "of-this-test"

ANY = Terms(protection="any")

FILES = [
    "master.m3u8",
    "manifest.mpd",
    "flac.m3u8",
    "aac-96/header.mp4",
    "aac-96/0.m4s",
    "cbcs/master.m3u8",
    "cbcs/aac-96/0.m4s",
    "keys/cbcs/0.key",
]
"""Those of a protected form are asked for with a token that opens both."""


class Broker:
    """A Valkey server that a test may stop and start again."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port = port
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return embedded.url(port=self.port, password=PASSWORD)

    def start(self) -> None:
        command = embedded.server_command(
            port=self.port, password=PASSWORD, folder=self._folder, search_path=os.defpath
        )
        self._process = subprocess.Popen(
            command.guarded(os.getpid()),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env=command.environment,
            cwd=self._folder,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        with self._process.stdin:
            self._process.stdin.write(command.stdin)
        until(lambda: asyncio.run(embedded.is_ready(port=self.port, password=PASSWORD)))

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=60)
            self._process = None


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def broker(free_port: Callable[[], int], tmp_path: Path) -> Iterator[Broker]:
    folder = tmp_path / "valkey"
    folder.mkdir()
    made = Broker(free_port(), folder)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def settings(environment: dict[str, str], broker: Broker) -> dict[str, str]:
    return {**environment, "SEGUE_VALKEY_URL": broker.url}


@pytest.fixture
def start(settings: dict[str, str], start_origin: Any, free_port: Callable[[], int], tmp_path: Path) -> Any:
    """Start an origin that follows the announcements, or one that has never heard of Valkey."""

    @contextmanager
    def start(**changes: str) -> Iterator[Any]:
        with start_origin({**settings, "SEGUE_ORIGIN_PORT": str(free_port()), **changes}, tmp_path) as origin:
            yield origin

    return start


def change(settings: dict[str, str], asset_id: UUID, *, withdrawn: bool) -> None:
    """What the API does; ServiceUnavailable when not all of it could be done."""

    async def carry_out() -> None:
        async with (
            asyncpg.create_pool(settings["SEGUE_POSTGRES_URL"], min_size=1, max_size=2) as pool,
            open_store(s3_settings(settings)) as store,
            open_valkey(ValkeySettings(url=Secret(settings["SEGUE_VALKEY_URL"]))) as client,
        ):
            await pool.execute("INSERT INTO withdrawals VALUES ($1, $2)", asset_id, withdrawn)
            await withdrawals.settle_all(pool, store, client, key_of=layout.withdrawal_key)

    asyncio.run(carry_out())


def presented(origin: Any) -> str:
    """The signed path of a presentation that the recording is in, twice."""
    key, asset = origin_settings(origin.environment).edge_keys[0], origin.recording.asset
    order = directory([Place(asset.asset_id, asset.revision)] * 2)
    secret, expires_at_s = bytes.fromhex(key.secret.reveal()), int(time.time()) + 600
    text = mint(key_id=key.key_id, secret=secret, directory=order, expires_at_s=expires_at_s)
    return f"/{text}/{order}master.m3u8"


def announce(settings: dict[str, str], asset_id: UUID, *, withdrawn: bool) -> int:
    """Say so and do nothing; returns how many processes have heard it."""

    async def say() -> int:
        async with open_valkey(ValkeySettings(url=Secret(settings["SEGUE_VALKEY_URL"]))) as client:
            announcement = withdrawals.Announcement(asset_id=asset_id, withdrawn=withdrawn)
            heard: int = await client.publish(withdrawals.CHANNEL, msgspec.json.encode(announcement))
            return heard

    return asyncio.run(say())


def until_followed(settings: dict[str, str]) -> None:
    until(lambda: announce(settings, UUID(int=0), withdrawn=False))


def open_path(origin: Any, name: str) -> str:
    """The path of a file of the recording, with a token that opens clear and protected media."""
    path: str = origin.path(name, terms=ANY)
    return path


def test_withdrawn_is_gone_at_once_and_comes_back(start: Any, settings: dict[str, str], recording: Any) -> None:
    with start() as origin:
        asset_id = recording.asset.asset_id
        paths = [*(open_path(origin, name) for name in FILES), presented(origin)]
        until_followed(settings)
        assert [origin.ask(path).status for path in paths] == [200] * len(paths)

        change(settings, asset_id, withdrawn=True)
        until(lambda: origin.ask(paths[0]).status == 410)
        for path in (*paths, open_path(origin, "flac.flac"), open_path(origin, "other.m3u8")):
            answer = origin.ask(path)
            assert (answer.status, answer.body) == (410, b"Gone\n"), path
            assert answer.headers["cache-control"] == "no-store"
            assert "retry-after" not in answer.headers
        assert origin.ask(open_path(origin, "license"), method="POST", content_length="0").status == 410
        assert origin.ask(paths[0], method="HEAD").status == 410
        assert origin.ask(origin.path("master.m3u8", lifetime_s=-1)).status == 403, "nothing is told without a token"

        change(settings, asset_id, withdrawn=False)
        until(lambda: origin.ask(paths[0]).status == 200)
        assert [origin.ask(path).status for path in paths] == [200] * len(paths)
        assert "Traceback" not in origin.log.read_text()


def test_announcement_needs_no_look_at_the_store(start: Any, settings: dict[str, str], recording: Any) -> None:
    asset_id = recording.asset.asset_id
    with start() as origin:
        hot = origin.path("aac-96/0.m4s")
        until_followed(settings)
        assert origin.ask(hot).status == 200
        announce(settings, asset_id, withdrawn=True)
        until(lambda: origin.ask(hot).status == 410)
        announce(settings, asset_id, withdrawn=False)
        until(lambda: origin.ask(hot).status == 200)


def test_fresh_origin_knows(start: Any, settings: dict[str, str], recording: Any) -> None:
    change(settings, recording.asset.asset_id, withdrawn=True)
    with start() as origin:
        assert origin.ask(origin.path("master.m3u8")).status == 410
        assert origin.ask(origin.path("aac-96/0.m4s")).status == 410


@pytest.mark.parametrize("comes_back", [False, True], ids=["Valkey stays away", "Valkey comes back"])
def test_withdrawal_that_valkey_did_not_carry_is_noticed(
    start: Any, settings: dict[str, str], recording: Any, broker: Broker, *, comes_back: bool
) -> None:
    with start() as origin:
        hot = origin.path("aac-96/0.m4s")
        until_followed(settings)
        assert origin.ask(hot).status == 200
        broker.stop()
        assert origin.ask(hot).status == 200
        with pytest.raises(ServiceUnavailable):  # the row stays, and a worker will say so once Valkey is back
            change(settings, recording.asset.asset_id, withdrawn=True)
        if comes_back:
            broker.start()
        until(lambda: origin.ask(hot).status == 410)
        assert "Traceback" not in origin.log.read_text()


def test_origin_without_valkey_looks_for_itself(start: Any, settings: dict[str, str], recording: Any) -> None:
    with start(SEGUE_VALKEY_URL="") as origin:
        hot = origin.path("aac-96/0.m4s")
        assert origin.ask(hot).status == 200
        change(settings, recording.asset.asset_id, withdrawn=True)
        until(lambda: origin.ask(hot).status == 410)
