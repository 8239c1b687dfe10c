"""Publishing to a real store, to one that stops reading, and by a worker whose job is another's by now."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from config.errors import ServiceUnavailable
from config.objects import open_store
from config.settings import ingest_settings
from ingest import publish
from ingest.errors import Superseded
from origin import asset as assets
from origin import layout
from origin.asset import Asset
from tests import described

ASSET_ID = UUID(int=7)


def asset(names: list[str]) -> Asset:
    return described.asset(*map(described.rendition, names), asset_id=ASSET_ID, revision=1)


def blocks(folder: Path) -> Path:
    (folder / "loudness.blocks").write_bytes(b"blocks")
    return folder / "loudness.blocks"


async def test_descriptor_is_written_last(queue: Any, tmp_path: Path) -> None:
    stored_before: list[list[str]] = []

    async def step(_within: float) -> None:
        stored_before.append(await queue.keys_of(ASSET_ID))

    await publish.publish(queue.store, asset(["a"]), blocks(tmp_path), step)
    kept, descriptor = layout.loudness_blocks_key(ASSET_ID, 1), layout.descriptor_key(ASSET_ID, 1)
    assert stored_before == [[], [kept]]
    assert await queue.keys_of(ASSET_ID) == sorted([kept, descriptor])
    assert await queue.store.read(kept) == b"blocks"
    assert assets.decode(await queue.store.read(descriptor)) == asset(["a"])


async def test_what_the_descriptor_does_not_name_is_removed(queue: Any, tmp_path: Path) -> None:
    async def step(_within: float) -> None:
        pass

    a, old = (layout.track_file_key(ASSET_ID, 1, name) for name in ("a", "old"))
    for key in (a, old):
        await queue.store.write(key, b"media", content_type="audio/mp4")
    await publish.publish(queue.store, asset(["a"]), blocks(tmp_path), step)
    assert old not in await queue.keys_of(ASSET_ID)
    assert await queue.store.read(a) == b"media"


async def test_worker_that_lost_its_job_writes_no_descriptor(queue: Any, tmp_path: Path) -> None:
    async def step(within: float) -> None:
        if within > 0:
            raise Superseded("lost")

    with pytest.raises(Superseded):
        await publish.publish(queue.store, asset(["a"]), blocks(tmp_path), step)
    assert await queue.keys_of(ASSET_ID) == [layout.loudness_blocks_key(ASSET_ID, 1)]


async def test_store_that_stops_reading_is_away(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "WRITE_PATIENCE_S", 0.5)

    async def stall(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await stopped.wait()
        writer.close()

    stopped = asyncio.Event()
    server = await asyncio.start_server(stall, "127.0.0.1", 0, limit=1024)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    settings = ingest_settings({**environment, "SEGUE_S3_ENDPOINT": url}).s3
    large = tmp_path / "aac-96.mp4"
    with large.open("wb") as file:
        file.truncate(2_000_000)  # more than the buffers of a connection take
    monkeypatch.setattr(publish, "SLOWEST_BYTES_PER_S", 1e9)
    async with open_store(settings) as store:
        with pytest.raises(ServiceUnavailable, match="S3"):
            await asyncio.wait_for(publish.write_file(store, "assets/a", large), 60)
    stopped.set()
    server.close()
