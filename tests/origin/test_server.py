"""The origin as a client meets it: the real process over real S3, asked by raw HTTP."""

import asyncio
import gzip
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance import home as homes
from appliance.embedded import s3
from config.errors import InvalidSetting
from config.objects import open_store
from config.settings import s3_settings
from origin import dash, hls, layout
from origin.descriptors import Descriptors
from origin.presentation import Track
from origin.server import serve
from origin.store import Store
from tests.processes import alive, children_of

PATIENCE_S = 120.0
FORBIDDEN = b"Forbidden\n"
MANIFEST = "public, max-age=10, stale-while-revalidate=30, stale-if-error=3600"


def test_header_and_segments_are_byte_for_byte_as_stored(origin, recording) -> None:
    for rendition in recording.asset.renditions:
        assert origin.ask(origin.path(f"{rendition.name}/header.mp4")).body == recording.header(rendition.name)
        for index in range(len(rendition.segments)):
            answer = origin.ask(origin.path(f"{rendition.name}/{index}.m4s"))
            assert (answer.status, answer.body) == (200, recording.segment(rendition.name, index))


def test_manifests_are_what_the_writers_write(origin, recording) -> None:
    alone = [Track(asset=recording.asset)]
    assert origin.ask(origin.path("master.m3u8")).body == hls.master_playlist(alone)
    assert origin.ask(origin.path("manifest.mpd")).body == dash.manifest(alone)
    compressed = origin.ask(origin.path("flac.m3u8"), accept_encoding="gzip")
    assert compressed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(compressed.body) == hls.media_playlist(alone, "flac")


@pytest.mark.parametrize(
    ("name", "content_type", "cache_control"),
    [
        ("master.m3u8", "application/vnd.apple.mpegurl", MANIFEST),
        ("aac-96.m3u8", "application/vnd.apple.mpegurl", MANIFEST),
        ("manifest.mpd", "application/dash+xml", MANIFEST),
        ("aac-96/header.mp4", "audio/mp4", "public, max-age=31536000, immutable"),
        ("aac-96/0.m4s", "video/iso.segment", "public, max-age=31536000, immutable"),
    ],
)
def test_head_is_get_without_a_body(origin, name, content_type, cache_control) -> None:
    path = origin.path(name)
    get, head = origin.ask(path), origin.ask(path, method="HEAD")
    volatile = {"date", "x-request-id"}
    assert {k: v for k, v in head.headers.items() if k not in volatile} == {
        k: v for k, v in get.headers.items() if k not in volatile
    }
    assert head.body == b""
    assert head.headers["content-length"] == str(len(get.body))
    assert head.headers["content-type"] == content_type
    assert head.headers["cache-control"] == cache_control
    assert head.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("wanted", "first", "last"), [("bytes=0-99", 0, 99), ("bytes=100-", 100, None), ("bytes=-7", -7, None)]
)
def test_part_of_a_segment(origin, recording, wanted, first, last) -> None:
    whole = recording.segment("aac-96", 1)
    answer = origin.ask(origin.path("aac-96/1.m4s"), range=wanted)
    part = whole[first : last if last is None else last + 1]
    assert (answer.status, answer.body) == (206, part)
    start = whole.index(part)
    assert answer.headers["content-range"] == f"bytes {start}-{start + len(part) - 1}/{len(whole)}"


def test_range_behind_the_end(origin, recording) -> None:
    size = len(recording.segment("aac-96", 1))
    answer = origin.ask(origin.path("aac-96/1.m4s"), range=f"bytes={size}-")
    assert (answer.status, answer.headers["content-range"]) == (416, f"bytes */{size}")


def test_etag_makes_a_second_fetch_free_under_another_token(origin) -> None:
    for name in ("aac-96/1.m4s", "aac-96/header.mp4", "master.m3u8", "manifest.mpd"):
        etag = origin.ask(origin.path(name, lifetime_s=100)).headers["etag"]
        again = origin.ask(origin.path(name, lifetime_s=200), if_none_match=etag)
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", etag)


def test_web_player_may_ask_from_anywhere_and_send_cmcd(origin) -> None:
    preflight = origin.ask(
        origin.path("aac-96/1.m4s"),
        method="OPTIONS",
        origin="https://player.example",
        access_control_request_method="GET",
        access_control_request_headers="cmcd-request,range",
    )
    assert preflight.status == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    allowed = preflight.headers["access-control-allow-headers"].lower().split(", ")
    assert {"range", "cmcd-request", "cmcd-object", "cmcd-status", "cmcd-session"} <= set(allowed)
    answer = origin.ask(origin.path("aac-96/1.m4s"), origin="https://player.example")
    assert {"Content-Length", "Content-Range", "ETag"} <= set(
        answer.headers["access-control-expose-headers"].split(", ")
    )


def test_query_is_ignored(origin, recording) -> None:
    answer = origin.ask(origin.path("aac-96/0.m4s") + "?CMCD=bl%3D2000%2Cot%3Da")
    assert answer.body == recording.segment("aac-96", 0)


def refused_paths(origin) -> dict[str, str]:
    path = origin.path("master.m3u8")
    _, token, rest = path.split("/", 2)
    directory, name = rest.rsplit("/", 1)
    other = layout.asset_directory(type(origin.recording.asset.asset_id)(int=1))
    return {
        "a tampered token": f"/{token[:-1]}{'A' if token[-1] != 'A' else 'B'}/{rest}",
        "an expired token": origin.path("master.m3u8", lifetime_s=-1),
        "a token of a foreign key": origin.path("master.m3u8", secret=bytes(32)),
        "a token of an unknown key id": origin.path("master.m3u8", key_id="unknown9"),
        "a token of another asset": origin.path("master.m3u8", directory=other),
        "a token of the whole store": origin.path("master.m3u8", directory="assets/"),
        "another asset's path": f"/{token}/{other}1/{name}",
        "no token": f"/{rest}",
        "a climb": f"/{token}/{directory}/../3/{name}",
        "a climb to another asset": f"/{token}/{directory}/../../{other.split('/')[1]}/1/{name}",
        "an encoded climb": f"/{token}/{directory}/%2e%2e/3/{name}",
        "an encoded slash": f"/{token}/{directory}%2f{name}",
        "an encoded slash in capitals": f"/{token}/{directory}%2F{name}",
        "a double slash": f"/{token}//{rest}",
        "a double slash before the file": f"/{token}/{directory}//{name}",
        "a backslash": f"/{token}/{directory}\\{name}",
        "an encoded letter": f"/{token}/{directory}/%6d{name[1:]}",
        "the descriptor": f"/{token}/{directory}/asset.json",
        "the track file": f"/{token}/{directory}/aac-96.mp4",
        "the root": "/",
    }


def test_refusals_are_all_alike(origin) -> None:
    answers = {name: origin.ask(path) for name, path in refused_paths(origin).items()}
    assert {name: answer.status for name, answer in answers.items()} == dict.fromkeys(answers, 403)
    for answer in answers.values():
        del answer.headers["date"], answer.headers["x-request-id"]
    assert len({(answer.body, *sorted(answer.headers.items())) for answer in answers.values()}) == 1
    assert next(iter(answers.values())).body == FORBIDDEN


def test_nothing_there_is_404_with_a_good_token(origin) -> None:
    path = origin.path("master.m3u8")
    for missing in (
        path.replace("/3/", "/4/"),
        origin.path("opus.m3u8"),
        origin.path("opus/header.mp4"),
        origin.path("aac-96/3.m4s"),
    ):
        assert origin.ask(missing).status == 404


def log_lines(origin, prefix: str, *, count: int) -> dict[str, dict]:
    """The log lines by request id, of ids with this prefix; a line is written after its answer, so they are awaited."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        lines = [json.loads(line) for line in origin.log.read_text().splitlines() if f'"{prefix}' in line]
        if len(lines) == count:
            return {line["request_id"]: line for line in lines}
        assert time.monotonic() < deadline, lines
        time.sleep(0.02)


def test_every_connection_of_many_gets_its_own_answer(origin, recording) -> None:
    """Also holds the log lines apart: each has the id of its own request."""
    names = [f"{rendition.name}/{index}.m4s" for rendition in recording.asset.renditions for index in range(3)] * 12

    def fetch(number: int) -> bool:
        name, index = names[number].removesuffix(".m4s").split("/")
        answer = origin.ask(origin.path(names[number]), x_request_id=f"many-{number:04d}")
        return answer.body == recording.segment(name, int(index))

    with ThreadPoolExecutor(12) as pool:
        assert all(pool.map(fetch, range(len(names))))
    logged = log_lines(origin, "many-", count=len(names))
    assert {name: line["path"].split("/3/")[1] for name, line in logged.items()} == {
        f"many-{number:04d}": name for number, name in enumerate(names)
    }


def test_clients_that_hang_up_harm_nobody(origin, recording) -> None:
    host, port = origin.host.split(":")
    path = origin.path("flac/0.m4s")
    for number in range(20):
        with socket.create_connection((host, int(port))) as impatient:
            request = f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Request-Id: gone-{number:04d}\r\n\r\n"
            impatient.sendall(request.encode())
            impatient.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, not a goodbye
    assert origin.ask(path).body == recording.segment("flac", 0)
    assert "Traceback" not in origin.log.read_text()


def test_slow_reader_holds_up_nobody_and_gets_all_of_it(origin, recording) -> None:
    host, port = origin.host.split(":")
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect((host, int(port)))
        slow.sendall(f"GET {origin.path('flac/0.m4s')} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert slow.recv(1) == b"H"
        for _ in range(5):
            assert origin.ask(origin.path("flac/1.m4s")).body == recording.segment("flac", 1)
        slow.settimeout(PATIENCE_S)
        received = b"".join(iter(lambda: slow.recv(4096), b""))
    assert received.endswith(b"\r\n\r\n" + recording.segment("flac", 0))


def test_log_tells_the_cause_and_no_token(origin) -> None:
    path = origin.path("flac/2.m4s", lifetime_s=345)
    token = path.split("/")[1]
    assert origin.ask(path, x_request_id="told-0001").status == 200
    assert origin.ask(path.replace("/flac", "//flac"), x_request_id="told-0002").status == 403
    assert origin.ask(origin.path("flac/2.m4s", lifetime_s=-1), x_request_id="told-0003").status == 403
    lines = log_lines(origin, "told-", count=3)
    assert token not in origin.log.read_text()
    assert lines["told-0001"]["path"] == path.split("/", 2)[2]
    assert lines["told-0001"]["status"] == 200
    assert (lines["told-0002"]["cause"], lines["told-0002"]["path"]) == ("path_component", None)
    assert lines["told-0003"]["cause"] == "token_expired"


async def test_concurrent_misses_read_the_descriptor_once_from_the_real_store(origin, recording) -> None:
    reads = []
    async with open_store(s3_settings(origin.environment)) as objects:
        store = Store(objects)

        async def load(asset_id, revision):
            reads.append(asset_id)
            return await store.asset(asset_id, revision)

        descriptors = Descriptors(load, room_bytes=1_000_000)
        place = recording.asset.asset_id, recording.asset.revision
        found = await asyncio.gather(*(descriptors.get(*place) for _ in range(30)))
    assert found == [recording.asset] * 30
    assert len(reads) == 1


@contextmanager
def own_s3(services, folder: Path, port: int):
    """An S3 server that a test may stop; its data stays in `folder`."""
    held = homes.load_credentials(services.home)
    folder.mkdir(exist_ok=True)
    command = s3.server_command(folder, port=port, access_key=held.s3_access_key, secret_key=held.s3_secret_key)
    child = subprocess.Popen(
        command.guarded(os.getpid()),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=command.environment,
        cwd=folder,
    )
    assert child.stdin is not None
    with child.stdin:
        child.stdin.write(command.stdin)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not asyncio.run(s3.is_ready(port=port)):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield child
    finally:
        child.send_signal(signal.SIGCONT)
        child.kill()
        child.wait()


def test_store_that_stops_leaves_manifests_alive_and_comes_back(services, start_origin, tmp_path, free_port) -> None:
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    environment = {
        **services.environment,
        "SEGUE_S3_ENDPOINT": endpoint,
        "SEGUE_S3_PUBLIC_ENDPOINT": endpoint,
        "SEGUE_S3_BUCKET": "stopping",
        "SEGUE_ORIGIN_PORT": str(free_port()),
    }
    with own_s3(services, tmp_path / "s3", port) as server, start_origin(environment, tmp_path) as origin:
        assert origin.ask(origin.path("master.m3u8")).status == 200
        assert origin.ask("/health/ready").status == 200
        server.kill()
        server.wait()
        answer = origin.ask(origin.path("aac-96/0.m4s"))
        assert (answer.status, answer.body) == (503, b"Service Unavailable\n")
        assert int(answer.headers["retry-after"]) > 0
        assert answer.headers["cache-control"] == "no-store"
        assert origin.ask(origin.path("aac-96.m3u8")).status == 200
        assert origin.ask(origin.path("manifest.mpd")).status == 200
        assert origin.ask(origin.path("master.m3u8").replace("/3/", "/4/")).status == 503
        assert origin.ask("/health/ready").status == 503
        assert origin.ask("/health/live").status == 200
        with own_s3(services, tmp_path / "s3", port):
            assert origin.ask(origin.path("aac-96/0.m4s")).status == 200
            assert origin.ask("/health/ready").status == 200


linux_only = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: /proc, and news of a parent's death")


def test_taken_port_is_one_sentence_that_names_the_setting(services) -> None:
    environment = {**services.environment, "SEGUE_S3_BUCKET": "origin-tests"}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InvalidSetting, match=rf"^SEGUE_ORIGIN_PORT: cannot listen on port {port} of 127\.0\.0\.1 "):
            serve({**environment, "SEGUE_ORIGIN_PORT": str(port)})


def test_second_origin_does_not_share_the_port_of_the_first(origin) -> None:
    with pytest.raises(InvalidSetting):
        serve(origin.environment)


def own_environment(services, free_port) -> dict[str, str]:
    return {
        **services.environment,
        "SEGUE_S3_BUCKET": "origin-tests",
        "SEGUE_ORIGIN_PORT": str(free_port()),
        "SEGUE_ORIGIN_WORKERS": "2",
    }


def test_sigterm_ends_it_cleanly_although_a_client_stays_connected(services, start_origin, tmp_path, free_port) -> None:
    with start_origin(own_environment(services, free_port), tmp_path) as origin:
        host, port = origin.host.split(":")
        with socket.create_connection((host, int(port))) as idle:
            idle.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            assert idle.recv(4096).startswith(b"HTTP/1.1 200")
            origin.process.terminate()
            assert origin.process.wait(timeout=PATIENCE_S) == 0
        assert "Traceback" not in origin.log.read_text()


@linux_only
def test_killed_supervisor_leaves_no_worker_and_frees_the_port(services, start_origin, tmp_path, free_port) -> None:
    environment = own_environment(services, free_port)
    with start_origin(environment, tmp_path) as origin:
        running = children_of(origin.process.pid)
        assert len(running) == 2
        origin.process.kill()
        origin.process.wait()
        deadline = time.monotonic() + PATIENCE_S
        while any(map(alive, running)):
            assert time.monotonic() < deadline
            time.sleep(0.02)
    with start_origin(environment, tmp_path) as again:
        assert again.ask("/health/live").status == 200
