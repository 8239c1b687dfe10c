"""Locust as `make load` runs it, against a server of a few lines that plays one track and can be told to misbehave."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.loadtests.kinds import KINDS

ROOT = Path(__file__).parents[2]
FILES = {
    "master.m3u8": b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=9\nbest.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=5\naac.m3u8\n",
    "aac.m3u8": b'#EXTM3U\n#EXT-X-MAP:URI="aac/header.mp4"\n#EXTINF:4,\naac/0.m4s\n#EXTINF:2,\naac/1.m4s\n',
    "header.mp4": b"header",
    "0.m4s": b"first segment",
    "1.m4s": b"second segment",
}
LIMIT_S = 120
STOPPED = ("reportPlayback", {"track": "track-1", "state": "STOPPED", "position": 6000})


class OneTrack(BaseHTTPRequestHandler):
    """`server.answers` is by GraphQL field, `server.files` by file name."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        (field,) = (field for field in self.server.answers if f"{field}(" in body["query"])
        if field not in ("signUp", "signIn"):
            assert self.headers["authorization"] == "Bearer token-1"
        self.server.log.append((field, body["variables"]))
        self._send(json.dumps(self.server.answers[field]).encode())

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        self.server.log.append(("GET", name))
        self.server.times.setdefault(name, time.monotonic())
        self._send(self.server.files[name], missing=self.server.cut)

    def _send(self, content: bytes, *, missing: int = 0) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(content) + missing))
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = missing > 0

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), OneTrack) as made:
        made.log, made.times, made.files, made.cut = [], {}, dict(FILES), 0
        master = f"http://127.0.0.1:{made.server_port}/secret-token/assets/1/master.m3u8"
        made.answers = {
            "signUp": {"data": {"signUp": {"userErrors": []}}},
            "signIn": {"data": {"signIn": {"session": {"accessToken": "token-1"}, "userErrors": []}}},
            "search": {"data": {"search": {"edges": [{"node": {"id": "track-1"}}]}}},
            "startPlayback": {"data": {"startPlayback": {"playback": {"hlsUrl": master}, "userErrors": []}}},
            "reportPlayback": {"data": {"reportPlayback": {"userErrors": []}}},
        }
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def load(server: ThreadingHTTPServer, *arguments: str, until: tuple[str, object]) -> dict[str, tuple[int, int]]:
    """Run one listener until the server has logged what `until` says twice; (requests, failures) by name.

    By the second time, the answer to the first one has been read and counted.
    """
    command = [Path(sys.executable).with_name("locust"), "-f", "loadtests/locustfile.py", "--headless", "--json"]
    command += ["--users", "1", "--host", f"http://127.0.0.1:{server.server_port}", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as locust:
        deadline = time.monotonic() + LIMIT_S
        while server.log.count(until) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        locust.terminate()
        printed, _ = locust.communicate(timeout=LIMIT_S)
    assert until in server.log
    return {row["name"]: (row["num_requests"], row["num_failures"]) for row in json.loads(printed)}


def test_listener_plays_the_track_in_order_without_a_failure(server) -> None:
    counts = load(server, "--speed", "20", "--bandwidth", "5", "--titles", "one track", until=STOPPED)
    assert set(counts) == KINDS
    assert {failures for _, failures in counts.values()} == {0}
    first_track = server.log[: server.log.index(("GET", "1.m4s")) + 2]
    report = {"track": "track-1", "state": "PLAYING", "position": 0}
    assert [entry for entry in first_track if entry[0] not in ("signUp", "signIn")] == [
        ("search", {"words": "one track"}),
        ("startPlayback", {"track": "track-1"}),
        ("GET", "master.m3u8"),
        ("GET", "aac.m3u8"),
        ("GET", "header.mp4"),
        ("GET", "0.m4s"),
        ("reportPlayback", report),
        ("GET", "1.m4s"),
        STOPPED,
    ]


def test_segments_are_fetched_at_the_pace_of_playing(server) -> None:
    server.files["aac.m3u8"] = FILES["aac.m3u8"].replace(b"EXTINF:4,", b"EXTINF:1000,")
    load(server, "--speed", "1000", "--bandwidth", "5", until=("GET", "1.m4s"))  # at another speed, after the limit
    # At the pace of the file a segment would last 17 minutes.
    assert 0.9 < server.times["1.m4s"] - server.times["0.m4s"] < 100


@pytest.mark.parametrize(
    ("field", "answer", "asked", "failing"),
    [
        pytest.param(
            "startPlayback",
            {"errors": [{"message": "No.", "extensions": {"code": "FORBIDDEN"}}]},
            ("startPlayback", {"track": "track-1"}),
            "graphql: startPlayback",
            id="an error of GraphQL",
        ),
        pytest.param(
            "search",
            {"data": {"search": {"edges": []}}},
            ("search", {"words": "one track"}),
            "search",
            id="a title that nothing has",
        ),
    ],
)
def test_wrong_answer_is_counted(server, field, answer, asked, failing) -> None:
    server.answers[field] = answer
    counts = load(server, "--titles", "one track", until=asked)
    requests, failures = counts[failing]
    assert requests == failures >= 1
    assert "origin: master playlist" not in counts


def test_wrong_file_is_counted(server) -> None:
    server.files["aac.m3u8"] = b"not a playlist"
    counts = load(server, "--bandwidth", "5", until=("GET", "aac.m3u8"))
    requests, failures = counts["origin: media playlist"]
    assert requests == failures >= 1
    assert "origin: segment" not in counts


def test_body_that_is_cut_off_is_counted(server) -> None:
    server.cut = 1
    counts = load(server, "--bandwidth", "5", until=("GET", "master.m3u8"))
    requests, failures = counts["origin: master playlist"]
    assert requests == failures >= 1
