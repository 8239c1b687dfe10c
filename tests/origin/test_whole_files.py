"""Progressive files as a download and a player meet them: the real process over real S3, asked by raw HTTP."""

import asyncio
import hashlib
import http.client
import socket
import struct
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
import pytest

from config.objects import open_store
from config.settings import s3_settings
from origin import asset as contract
from origin import layout, resources
from origin.asset import Asset, InvalidDescriptor
from origin.bodies import PART_BYTES
from origin.encodings import Coding
from origin.errors import NotThere, Refused
from origin.reads.whole import WholeObject
from origin.resources import Stored
from origin.routes import WholeFile
from origin.selection import EVERYTHING, Selection
from tests.described import MEDIA_TYPES, whole_file

ASSET_ID = UUID("0192f3a0-7c1e-7b4a-9d55-3f1c2b7a6e02")
CONTENT = {
    "mp3-320.mp3": np.random.default_rng(1).bytes(70_001),
    "aac-160.m4a": np.random.default_rng(2).bytes(PART_BYTES),
    "flac.flac": np.random.default_rng(3).bytes(2 * PART_BYTES + 13),
}
CUT_SHORT = "vorbis-320.ogg"
"""Its descriptor promises what the store does not have."""

LONG = "flac-long.flac"
LONG_BYTES = 64 * PART_BYTES


DAMAGED = "vorbis-160.ogg"
"""One byte of its last part is another in the store."""
DAMAGED_BYTES = np.random.default_rng(4).bytes(3 * PART_BYTES)


@pytest.fixture(scope="module")
def asset(make_asset, make_rendition) -> Asset:
    files = [whole_file(name, content, average_bandwidth_bps=320_000) for name, content in CONTENT.items()]
    cut_short = whole_file(CUT_SHORT, b"", byte_length=3 * PART_BYTES)
    long = whole_file(LONG, b"", byte_length=LONG_BYTES)
    damaged = whole_file(DAMAGED, DAMAGED_BYTES)
    return make_asset(make_rendition(), asset_id=ASSET_ID, progressive=(*files, cut_short, long, damaged))


@pytest.fixture(scope="module")
def path(origin, asset) -> Callable[..., str]:
    """The signed path of a file of an asset that is stored beside the recording."""

    async def put() -> None:
        async with open_store(s3_settings(origin.environment)) as store:
            place = asset.asset_id, asset.revision
            damaged = DAMAGED_BYTES[:-1] + bytes([DAMAGED_BYTES[-1] ^ 1])
            others = {CUT_SHORT: bytes(PART_BYTES + 5), LONG: bytes(LONG_BYTES), DAMAGED: damaged}
            for name, content in {**CONTENT, **others}.items():
                await store.write(layout.progressive_key(*place, name), content, content_type="x/x")
            await store.write(layout.descriptor_key(*place), contract.encode(asset), content_type="x/x")

    asyncio.run(put())
    directory = layout.asset_directory(ASSET_ID)

    def path(name: str, **changes: Any) -> str:
        signed = origin.path(name, **{"directory": directory, **changes})
        return signed.replace(layout.asset_directory(origin.recording.asset.asset_id), directory)

    return path


@pytest.mark.parametrize("name", CONTENT)
def test_whole_file_is_the_descriptors_and_immutable(asset, name) -> None:
    resource = resources.resolve(
        asset, WholeFile(name), selection=EVERYTHING, manifest_max_age_s=20, coding=Coding.GZIP
    )
    key = f"assets/{ASSET_ID}/3/{name}"
    parts = asset.whole_file(name).part_sha256s
    assert len(parts) == -(-len(CONTENT[name]) // contract.WHOLE_FILE_PART_BYTES)
    assert resource.body == Stored(WholeObject(key=key, size=len(CONTENT[name]), part_sha256s=parts))
    assert resource.etag == f'"{hashlib.sha256(CONTENT[name]).hexdigest()[:32]}"'
    assert resource.content_type == MEDIA_TYPES[name.split(".")[1]]
    assert resource.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert resource.coding is None
    assert "vary" not in resource.headers


def test_file_that_the_descriptor_does_not_list_is_not_there(asset) -> None:
    with pytest.raises(NotThere):
        resources.resolve(asset, WholeFile("flac.ogg"), selection=EVERYTHING, manifest_max_age_s=20, coding=None)


def test_file_outside_of_the_terms_is_refused(asset) -> None:
    file = WholeFile("mp3-320.mp3")
    enough, too_little = Selection(max_bandwidth_bps=320_000), Selection(max_bandwidth_bps=319_999)
    resources.resolve(asset, file, selection=enough, manifest_max_age_s=20, coding=None)
    with pytest.raises(Refused, match="terms"):
        resources.resolve(asset, file, selection=too_little, manifest_max_age_s=20, coding=None)


@pytest.mark.parametrize("extension", ["mp4", "m3u8", "../x", "FLAC", ""])
def test_no_other_extension_exists(extension: str) -> None:
    with pytest.raises(InvalidDescriptor, match="is not a"):
        msgspec.structs.replace(whole_file("flac.flac", b"x"), extension=extension)


@pytest.mark.parametrize(
    "digests", [("0" * 32,), ("0" * 32,) * 6, ("0" * 32, "0" * 31)], ids=["too few", "too many", "cut short"]
)
def test_every_part_has_a_digest_or_none_has(digests: tuple[str, ...]) -> None:
    file = whole_file("flac.flac", bytes(2 * contract.WHOLE_FILE_PART_BYTES))
    assert msgspec.structs.replace(file, part_sha256s=()).part_sha256s == ()
    with pytest.raises(InvalidDescriptor, match="digest"):
        msgspec.structs.replace(file, part_sha256s=digests)


@pytest.mark.parametrize("name", CONTENT)
def test_get_and_head(origin, path, name) -> None:
    get, head = origin.ask(path(name)), origin.ask(path(name), method="HEAD")
    assert (get.status, get.body) == (200, CONTENT[name])
    assert (head.status, head.body) == (200, b"")
    for header in ("content-length", "content-type", "etag", "cache-control", "accept-ranges"):
        assert head.headers[header] == get.headers[header]
    assert head.headers["content-length"] == str(len(CONTENT[name]))
    assert head.headers["accept-ranges"] == "bytes"


RANGES = {
    "the start": ("bytes=0-99", 0, 100),
    "the middle, over a border of parts": (f"bytes={PART_BYTES - 7}-{PART_BYTES + 7}", PART_BYTES - 7, PART_BYTES + 8),
    "more than a part": (f"bytes=5-{PART_BYTES + 5}", 5, PART_BYTES + 6),
    "from a place on": (f"bytes={PART_BYTES + 1}-", PART_BYTES + 1, None),
    "a suffix": ("bytes=-128", -128, None),
    "past the end": (f"bytes={2 * PART_BYTES}-99999999", 2 * PART_BYTES, None),
}


@pytest.mark.parametrize(("wanted", "first", "last"), RANGES.values(), ids=RANGES.keys())
def test_part_of_a_whole_file(origin, path, wanted, first, last) -> None:
    whole = CONTENT["flac.flac"]
    answer = origin.ask(path("flac.flac"), range=wanted)
    start, end = first % len(whole), len(whole) if last is None else last
    assert (answer.status, answer.body) == (206, whole[start:end])
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(whole)}"
    assert answer.headers["content-length"] == str(end - start)


def test_range_behind_the_end(origin, path) -> None:
    answer = origin.ask(path("mp3-320.mp3"), range="bytes=70001-")
    assert (answer.status, answer.headers["content-range"]) == (416, "bytes */70001")


def test_download_is_resumed_while_the_file_is_the_same(origin, path) -> None:
    etag = origin.ask(path("mp3-320.mp3"), method="HEAD").headers["etag"]
    resumed = origin.ask(path("mp3-320.mp3", lifetime_s=99), range="bytes=70000-", if_range=etag)
    assert (resumed.status, resumed.body) == (206, CONTENT["mp3-320.mp3"][-1:])
    changed = origin.ask(path("mp3-320.mp3"), range="bytes=70000-", if_range='"another"')
    assert (changed.status, changed.body) == (200, CONTENT["mp3-320.mp3"])
    again = origin.ask(path("mp3-320.mp3"), if_none_match=etag)
    assert (again.status, again.body) == (304, b"")


def test_token_of_another_asset_opens_nothing(origin, path) -> None:
    other = layout.asset_directory(origin.recording.asset.asset_id)
    assert origin.ask(path("mp3-320.mp3", directory=other)).status == 403
    assert origin.ask(path("mp3-320.mp3", lifetime_s=-1)).status == 403
    assert origin.ask(path("mp3-96.mp3")).status == 404


def test_file_that_ends_early_breaks_the_connection_off(origin, path) -> None:
    """The status is out by then: a body that is shorter than its Content-Length is what a client notices."""
    connection = http.client.HTTPConnection(origin.host, timeout=60)
    connection.request("GET", path(CUT_SHORT), headers={"X-Request-Id": "broken-0001"})
    answer = connection.getresponse()
    assert answer.headers["content-length"] == str(3 * PART_BYTES)
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        answer.read()
    connection.close()
    assert _logged(origin, "broken-0001", "request")["cause"] == "wrong_bytes"
    assert "Traceback" not in origin.log.read_text()


def test_wrong_bytes_of_a_whole_file_are_not_served(origin, path) -> None:
    whole = http.client.HTTPConnection(origin.host, timeout=60)
    whole.request("GET", path(DAMAGED), headers={"X-Request-Id": "broken-0002"})
    answer = whole.getresponse()
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        answer.read()
    whole.close()
    assert _logged(origin, "broken-0002", "request")["cause"] == "wrong_bytes"

    behind = origin.ask(path(DAMAGED), range="bytes=-9")
    assert (behind.status, behind.body) == (503, b"Service Unavailable\n")
    last_part = len(DAMAGED_BYTES) - contract.WHOLE_FILE_PART_BYTES
    before = origin.ask(path(DAMAGED), range=f"bytes={last_part - 9}-{last_part - 1}")
    assert (before.status, before.body) == (206, DAMAGED_BYTES[last_part - 9 : last_part])


def _logged(origin, request_id: str, event: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while True:
        lines = [msgspec.json.decode(line) for line in origin.log.read_text().splitlines() if request_id in line]
        found = [line for line in lines if line["event"] == event]
        if found:
            return found[0]
        assert time.monotonic() < deadline, lines
        time.sleep(0.02)


def test_rest_is_not_read_for_a_client_that_hung_up(origin, path) -> None:
    """The file is longer than what the server holds for a slow reader, so that it has to wait for this one."""
    host, port = origin.host.split(":")
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect((host, int(port)))
        request = f"GET {path(LONG)} HTTP/1.1\r\nHost: x\r\nX-Request-Id: hung-0001\r\n\r\n"
        slow.sendall(request.encode())
        assert slow.recv(4) == b"HTTP"
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, not a goodbye
    line = _logged(origin, "hung-0001", "request")
    assert line["cause"] == "client_gone"
    assert line["sent_bytes"] < LONG_BYTES


def test_long_file_arrives_whole(origin, path) -> None:
    assert origin.ask(path(LONG)).body == bytes(LONG_BYTES)
