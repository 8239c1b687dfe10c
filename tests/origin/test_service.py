"""The order of the service's checks, with a store that is written by hand and counts what is read."""

import asyncio
import gzip
import json
from collections.abc import Callable

import pytest

from edge.token import mint
from origin.descriptors import Descriptors
from origin.errors import DamagedAsset, NotThere, StoreAway
from origin.exchange import Answer, Request
from origin.layout import asset_directory, revision_directory
from origin.leaving import Left
from origin.lookup import Lookup
from origin.protected import Protected
from origin.protection.derived import DerivedKeys
from origin.reads.block import Block
from origin.reads.cache import Cache
from origin.service import Service

SECRET = bytes(range(32))
NOW = 1_800_000_000.9
EXPIRY = 1_800_000_001


class FakeStore:
    def __init__(self, recording) -> None:
        self.objects = recording.objects()
        self.recording = recording
        self.reads: list[str] = []
        self.error: Exception | None = None
        self.cached: dict[str, bytes] = {}
        self.expected: list[Block] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def asset(self, asset_id, revision):
        self._read(f"{asset_id}/{revision}")
        if (asset_id, revision) != (self.recording.asset.asset_id, self.recording.asset.revision):
            raise NotThere("no descriptor")
        return self.recording.asset

    def held(self, block):
        return self.cached.get(block.sha256)

    async def block(self, block):
        await self.gate.wait()
        self._read(block.key)
        return block.checked(self.objects[block.key][block.span.start : block.span.end])

    def ahead(self, block):
        self.expected.append(block)

    async def read(self, file, span):
        self._read(file.key)
        return self.objects[file.key][span.start : span.start + span.length]

    async def ping(self):
        self._read("ping")

    def _read(self, name: str) -> None:
        self.reads.append(name)
        if self.error is not None:
            raise self.error


@pytest.fixture
def store(recording) -> FakeStore:
    return FakeStore(recording)


def protected(segments_per_period: int | None = None) -> Protected:
    return Protected(
        provider=DerivedKeys(SECRET), cache=Cache(16 * 1024 * 1024), segments_per_period=segments_per_period
    )


@pytest.fixture
def ask(store: FakeStore) -> Callable:
    service = Service(
        store=store,
        lookup=Lookup(
            store=store,
            descriptors=Descriptors(store.asset, room_bytes=1_000_000),
            protected=protected(),
            keys={"k1": SECRET},
            manifest_max_age_s=20,
            clock=lambda: NOW,
        ),
    )

    async def ask(path: str, *, method: str = "GET", left: Left | None = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await service.answer(Request(method=method, raw_path=path.encode(), headers=named, left=left))

    return ask


@pytest.fixture
def url(recording) -> Callable[..., str]:
    place = recording.asset.asset_id, recording.asset.revision

    def url(name: str, *, expires_at_s: int = EXPIRY, secret: bytes = SECRET, key_id: str = "k1") -> str:
        token = mint(key_id=key_id, secret=secret, directory=asset_directory(place[0]), expires_at_s=expires_at_s)
        return f"/{token}/{revision_directory(*place)}{name}"

    return url


async def test_segment_is_read_and_sent(ask, url, store, recording) -> None:
    answer = await ask(url("aac-96/1.m4s"))
    assert (answer.status, answer.body) == (200, recording.segment("aac-96", 1))
    assert len(store.reads) == 2


async def test_held_segment_is_not_read(ask, url, store, recording) -> None:
    store.cached[recording.asset.rendition("aac-96").segments[1].sha256] = recording.segment("aac-96", 1)
    assert (await ask(url("aac-96/1.m4s"))).body == recording.segment("aac-96", 1)
    assert (await ask(url("aac-96/1.m4s"), range="bytes=5-6")).body == recording.segment("aac-96", 1)[5:7]
    assert len(store.reads) == 1  # of the descriptor


async def test_next_segment_is_read_ahead(ask, url, store, recording) -> None:
    for name in ("header.mp4", "0.m4s", "1.m4s", "2.m4s"):
        assert (await ask(url(f"aac-96/{name}"))).status == 200
    segments = recording.asset.rendition("aac-96").segments
    assert [block.sha256 for block in store.expected] == [segment.sha256 for segment in segments]


async def test_nothing_is_read_on_for_a_client_that_hangs_up(ask, url, store) -> None:
    store.gate.clear()
    answer = await ask(url("aac-96/1.m4s"), left=hung_up)
    assert (answer.cause, store.expected) == ("client_gone", [])


async def hung_up() -> None:
    pass


async def test_client_that_stays_gets_its_segment(ask, url, recording) -> None:
    answer = await ask(url("aac-96/1.m4s"), left=asyncio.Event().wait)
    assert answer.body == recording.segment("aac-96", 1)


async def test_manifest_is_compressed_for_who_takes_it(ask, url) -> None:
    plain = await ask(url("aac-96.m3u8"))
    compressed = await ask(url("aac-96.m3u8"), accept_encoding="gzip")
    assert gzip.decompress(compressed.body) == plain.body
    assert len(compressed.body) < len(plain.body)
    assert compressed.headers["content-length"] == str(len(compressed.body))


@pytest.mark.parametrize("name", ["aac-96/1.m4s", "aac-96.m3u8"])
async def test_known_bytes_and_heads_are_answered_without_reading_media(ask, url, store, name) -> None:
    etag = (await ask(url(name))).headers["etag"]
    store.reads.clear()
    assert (await ask(url(name), if_none_match=etag)).status == 304
    head = await ask(url(name), method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert store.reads == []


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        pytest.param({"expires_at_s": EXPIRY - 1}, "token_expired", id="expired in this second"),
        pytest.param({"secret": bytes(32)}, "token_forged", id="another secret"),
        pytest.param({"key_id": "k2"}, "token_unknown_key", id="an unknown key"),
    ],
)
async def test_bad_token_is_refused_before_anything_is_read(ask, url, store, changes, cause) -> None:
    answer = await ask(url("master.m3u8", **changes))
    assert (answer.status, answer.body, answer.cause) == (403, b"Forbidden\n", cause)
    assert store.reads == []


async def test_refusals_look_alike(ask, url, store) -> None:
    path = url("master.m3u8")
    other = path.replace("7a6e01/", "7a6e02/")
    answers = [await ask(text) for text in (other, path + "/", path[1:], "/", path.replace("/assets", "//assets"))]
    assert {(answer.status, answer.body) for answer in answers} == {(403, b"Forbidden\n")}
    assert len({tuple(answer.headers.items()) for answer in answers}) == 1
    assert store.reads == []


@pytest.mark.parametrize("name", ["opus.m3u8", "opus/header.mp4", "aac-96/3.m4s"])
async def test_well_formed_path_to_nothing_is_not_there(ask, url, name) -> None:
    assert (await ask(url(name))).status == 404


async def test_unknown_revision_is_not_there(ask, url) -> None:
    answer = await ask(url("master.m3u8").replace("/3/", "/4/"))
    assert (answer.status, answer.body) == (404, b"Not Found\n")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "BREW"])
async def test_other_methods_are_told_what_is_allowed(ask, url, store, method) -> None:
    answer = await ask(url("master.m3u8"), method=method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert store.reads == []


async def test_preflight_needs_no_token(ask) -> None:
    assert (await ask("/anything", method="OPTIONS")).status == 204


async def test_store_away_is_503_until_it_is_back(ask, url, store) -> None:
    store.error = StoreAway("10.0.0.7 refused")
    answer = await ask(url("master.m3u8"))
    assert (answer.status, answer.body, answer.headers["retry-after"]) == (503, b"Service Unavailable\n", "2")
    store.error = None
    assert (await ask(url("master.m3u8"))).status == 200


async def test_manifests_go_on_from_memory_while_the_store_is_away(ask, url, store) -> None:
    assert (await ask(url("master.m3u8"))).status == 200
    store.error = StoreAway("away")
    assert [(await ask(url(name))).status for name in ("aac-96.m3u8", "manifest.mpd", "aac-96/0.m4s")] == [
        200,
        200,
        503,
    ]


@pytest.mark.parametrize("error", [DamagedAsset("assets/secret"), RuntimeError("secret")], ids=["damaged", "a mistake"])
async def test_our_errors_are_500_without_a_cause(ask, url, store, error) -> None:
    store.error = error
    answer = await ask(url("master.m3u8"))
    assert (answer.status, answer.body) == (500, b"Internal Server Error\n")


async def test_health_tells_of_the_store(ask, store) -> None:
    assert (await ask("/health/live")).status == 200
    ready = await ask("/health/ready")
    assert (ready.status, json.loads(ready.body)) == (200, {"status": "ready", "services": {"s3": "up"}})
    assert ready.headers["cache-control"] == "no-store"
    store.error = StoreAway("away")
    away = await ask("/health/ready")
    assert (away.status, json.loads(away.body)) == (503, {"status": "unavailable", "services": {"s3": "down"}})
    assert (await ask("/health/live")).status == 200


async def test_head_of_an_error_has_no_body(ask) -> None:
    answer = await ask("/nothing", method="HEAD")
    assert (answer.status, answer.body, answer.headers["content-length"]) == (403, b"", "10")
