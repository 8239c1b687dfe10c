"""What goes wrong between an origin and its store, on the real ones: nothing wrong is served, and nothing has to be
restarted."""

import asyncio
import resource
import socket
import struct
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from config.objects import open_store
from config.settings import s3_settings

PATIENCE_S = 120.0
FAULTS = ["stopped", "slow", "returning 500s", "short bodies", "wrong bytes"]


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def begin(gate, fault: str) -> None:
    if fault == "stopped":
        gate.stop()
    else:
        gate.fault = fault


@pytest.mark.parametrize("fault", FAULTS)
def test_hot_segments_go_on_others_are_503_until_the_store_is_back(gated, recording, tmp_path, fault) -> None:
    folder = tmp_path / "cache"
    settings = {"SEGUE_READ_DEADLINE_S": "0.5", "SEGUE_SEGMENT_CACHE_FOLDER": str(folder)}
    with gated(**settings) as (gate, origin):
        until(lambda: origin.ask(origin.path("aac-96/0.m4s")).status == 200)  # on a busy machine the first may be late
        begin(gate, fault)
        unknown = origin.path("master.m3u8").replace("/3/", "/4/")  # of which wrong bytes have nothing to say
        cold = [origin.path("flac/2.m4s"), origin.path("flac/header.mp4")]
        for path in cold if fault == "wrong bytes" else [*cold, unknown]:
            answer = origin.ask(path)
            assert (answer.status, answer.body) == (503, b"Service Unavailable\n"), path
            assert int(answer.headers["retry-after"]) > 0
            assert answer.headers["cache-control"] == "no-store"
            assert origin.ask(origin.path("aac-96/0.m4s")).body == recording.segment("aac-96", 0)
            assert origin.ask(origin.path("flac.m3u8")).status == 200
        if fault == "slow":
            until(lambda: "no answer from the object store within 0.5 s" in origin.log.read_text())
        gate.mend()
        until(lambda: origin.ask(origin.path("flac/2.m4s")).status == 200)
        for rendition in recording.asset.renditions:
            until(lambda name=rendition.name: origin.ask(origin.path(f"{name}/header.mp4")).status == 200)
            for index in range(3):
                path = origin.path(f"{rendition.name}/{index}.m4s")
                until(lambda path=path: origin.ask(path).status == 200)
                assert origin.ask(path).body == recording.segment(rendition.name, index)
        kept = {path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        parts = {recording.header(name) for name in recording.files}
        parts |= {recording.segment(name, index) for name in recording.files for index in range(3)}
        assert kept <= parts
        assert "Traceback" not in origin.log.read_text()


@pytest.mark.parametrize("fault", FAULTS)
def test_replica_answers_while_the_primary_does_not(gated, services, recording, fault) -> None:
    replica = {
        "SEGUE_S3_REPLICA_ENDPOINT": services.environment["SEGUE_S3_ENDPOINT"],
        "SEGUE_S3_REPLICA_BUCKET": next(services.buckets),
    }
    copy(services, recording, replica["SEGUE_S3_REPLICA_BUCKET"])
    with gated(**replica, SEGUE_READ_DEADLINE_S="4") as (gate, origin):
        begin(gate, fault)
        for rendition in recording.asset.renditions:
            for index in range(3):
                path = origin.path(f"{rendition.name}/{index}.m4s")
                until(lambda path=path: origin.ask(path).status == 200)
                assert origin.ask(path).body == recording.segment(rendition.name, index)
        assert origin.ask("/health/ready").status == 200
        gate.mend()
        # Only the primary knows what does not exist, so this answer tells that it is asked again.
        until(lambda: origin.ask(origin.path("master.m3u8").replace("/3/", "/4/")).status == 404)
        assert "Traceback" not in origin.log.read_text()


def copy(services, recording, bucket: str) -> None:
    async def put() -> None:
        async with open_store(s3_settings({**services.environment, "SEGUE_S3_BUCKET": bucket})) as store:
            for key, content in recording.objects().items():
                await store.write(key, content, content_type="x/x")

    asyncio.run(put())


def requested(origin, path: str, *, request_id: str = "any-12345") -> socket.socket:
    """A connection that has asked for a path and reads nothing yet."""
    host, port = origin.host.split(":")
    asking = socket.socket()
    asking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    asking.settimeout(PATIENCE_S)
    asking.connect((host, int(port)))
    asking.sendall(
        f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Request-Id: {request_id}\r\nConnection: close\r\n\r\n".encode()
    )
    return asking


def received(asking: socket.socket) -> bytes:
    with asking:
        return b"".join(iter(lambda: asking.recv(65536), b""))


def test_five_hundred_at_once_cause_one_read(gated, recording) -> None:
    with gated(SEGUE_READ_DEADLINE_S=str(PATIENCE_S)) as (gate, origin):  # long enough for no hedge
        assert origin.ask(origin.path("master.m3u8")).status == 200
        gate.fault = "slow"
        asking = [requested(origin, origin.path("flac/0.m4s")) for _ in range(500)]
        until(lambda: gate.reads_of("flac.mp4"))
        gate.mend()
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(received, asking))
        whole = recording.segment("flac", 0)
        assert sum(answer.endswith(b"\r\n\r\n" + whole) for answer in answers) == 500
        start, length = recording.asset.rendition("flac").byte_range(0)
        assert [part for _, part in gate.asked if part == f"bytes={start}-{start + length - 1}"] == [
            f"bytes={start}-{start + length - 1}"
        ]


def test_read_ends_when_its_only_listener_hangs_up(gated, recording) -> None:
    with gated(SEGUE_READ_DEADLINE_S=str(PATIENCE_S)) as (gate, origin):
        assert origin.ask(origin.path("master.m3u8")).status == 200
        gate.fault = "slow"
        asking = requested(origin, origin.path("flac/2.m4s"), request_id="left-0001")
        until(lambda: gate.reads_of("flac.mp4"))
        reading = set(gate.connections)
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        asking.close()
        until(lambda: '"client_gone"' in origin.log.read_text())
        until(lambda: reading - gate.connections)  # the origin has broken its own request off
        gate.mend()
        assert origin.ask(origin.path("flac/2.m4s")).body == recording.segment("flac", 2)


SLOW_CLIENTS = 2000


def test_two_thousand_slow_readers_do_not_starve_a_fast_one(gated, recording) -> None:
    limit, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < 3 * SLOW_CLIENTS:
        pytest.skip(f"needs {3 * SLOW_CLIENTS} open files, the limit is {most}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(limit, 3 * SLOW_CLIENTS), most))
    with gated(SEGUE_READ_DEADLINE_S=str(PATIENCE_S)) as (_, origin):
        slow = [requested(origin, origin.path("flac/0.m4s")) for _ in range(SLOW_CLIENTS)]
        for _ in range(3):
            for rendition in recording.asset.renditions:
                for index in range(3):
                    answer = origin.ask(origin.path(f"{rendition.name}/{index}.m4s"))
                    assert answer.body == recording.segment(rendition.name, index)
        for asking in slow[:: SLOW_CLIENTS // 20]:
            assert received(asking).endswith(b"\r\n\r\n" + recording.segment("flac", 0))
        for asking in slow:
            asking.close()
