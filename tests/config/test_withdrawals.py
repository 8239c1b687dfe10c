"""A promised withdrawal is kept, however often it takes: over real PostgreSQL, S3 and Valkey."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from config.errors import ServiceUnavailable
from config.objects import ObjectStore, open_store
from config.postgres import Pool, open_pool
from config.settings import Secret, ValkeySettings, postgres_settings, s3_settings, valkey_settings
from config.valkey import open_valkey
from config.withdrawals import settle, settle_all

# As the database's triggers do.
PROMISE = """
INSERT INTO withdrawals (asset_id, withdrawn) VALUES ($1, $2)
ON CONFLICT (asset_id) DO UPDATE SET withdrawn = excluded.withdrawn
"""


def key_of(asset_id: UUID) -> str:
    return f"assets/{asset_id}/withdrawn"


@pytest.fixture
async def pool(environment: dict[str, str]) -> AsyncIterator[Pool]:
    async with open_pool(postgres_settings(environment)) as opened:
        yield opened


@pytest.fixture
async def store(environment: dict[str, str]) -> AsyncIterator[ObjectStore]:
    async with open_store(s3_settings(environment)) as opened:
        yield opened


@pytest.fixture
async def valkey(environment: dict[str, str]) -> AsyncIterator[Any]:
    async with open_valkey(valkey_settings(environment)) as opened:
        yield opened


@pytest.fixture
async def silent(free_port: Any) -> AsyncIterator[Any]:
    """A Valkey that is not there."""
    async with open_valkey(ValkeySettings(url=Secret(f"redis://127.0.0.1:{free_port()}/0"))) as opened:
        yield opened


async def promised(pool: Pool, *assets: UUID, withdrawn: bool = True) -> None:
    for asset_id in assets:
        await pool.execute(PROMISE, asset_id, withdrawn)


async def left(pool: Pool) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await pool.fetch("SELECT asset_id, withdrawn FROM withdrawals ORDER BY asset_id")]


async def test_marker_comes_and_goes(pool: Pool, store: ObjectStore, valkey: Any) -> None:
    asset_id = uuid4()
    for withdrawn, keys in ((True, [key_of(asset_id)]), (True, [key_of(asset_id)]), (False, []), (False, [])):
        await promised(pool, asset_id, withdrawn=withdrawn)
        assert await settle_all(pool, store, valkey, key_of=key_of) == 1
        assert await store.keys("assets/") == keys
        assert await left(pool) == []


async def test_nothing_is_done_that_was_not_promised(pool: Pool, store: ObjectStore, valkey: Any) -> None:
    asset_id = uuid4()
    await store.write(key_of(asset_id), b"withdrawn\n", content_type="text/plain")
    await settle(pool, store, valkey, asset_id, key_of=key_of)
    assert await settle_all(pool, store, valkey, key_of=key_of) == 0
    assert await store.keys("assets/") == [key_of(asset_id)]


async def test_marker_is_there_before_the_origins_are_told(pool: Pool, store: ObjectStore, silent: Any) -> None:
    asset_id = uuid4()
    await promised(pool, asset_id)
    with pytest.raises(ServiceUnavailable, match="Valkey"):
        await settle(pool, store, silent, asset_id, key_of=key_of)
    assert await store.keys("assets/") == [key_of(asset_id)]
    assert await left(pool) == [(asset_id, True)]


async def test_one_that_the_store_refuses_holds_up_no_other(
    pool: Pool, store: ObjectStore, valkey: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assets = [UUID(int=number) for number in (1, 2, 3)]
    await promised(pool, *assets)
    write = store.write

    async def refuse(key: str, body: bytes, *, content_type: str) -> None:
        if key == key_of(assets[0]):
            raise ServiceUnavailable("S3", "AccessDenied")
        await write(key, body, content_type=content_type)

    monkeypatch.setattr(store, "write", refuse)
    with pytest.raises(ServiceUnavailable):
        await settle_all(pool, store, valkey, key_of=key_of)
    assert await left(pool) == [(assets[0], True)]
    assert sorted(await store.keys("assets/")) == [key_of(asset_id) for asset_id in assets[1:]]


async def test_change_that_comes_meanwhile_has_the_last_word(
    pool: Pool, store: ObjectStore, valkey: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = uuid4()
    await promised(pool, asset_id)
    begun, gate = asyncio.Event(), asyncio.Event()
    write = store.write

    async def slow(key: str, body: bytes, *, content_type: str) -> None:
        begun.set()
        await gate.wait()
        await write(key, body, content_type=content_type)

    monkeypatch.setattr(store, "write", slow)
    first = asyncio.create_task(settle_all(pool, store, valkey, key_of=key_of))
    await begun.wait()
    later = asyncio.create_task(promised(pool, asset_id, withdrawn=False))
    gate.set()
    await asyncio.gather(first, later)
    assert await left(pool) == [(asset_id, False)]
    assert await settle_all(pool, store, valkey, key_of=key_of) == 1
    assert await store.keys("assets/") == []
