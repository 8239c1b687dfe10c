"""The graph as a process: Granian, its workers, and how they end."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.processes import alive, children_of

ROOT = Path(__file__).parents[2]
SERVE = "import json, sys; from graph.server import serve; serve(json.load(sys.stdin))"
START_S = 120.0


class Process:
    """A graph process and the URL that it serves."""

    def __init__(self, environment: dict[str, str], port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.child = subprocess.Popen(
            [sys.executable, "-c", SERVE], stdin=subprocess.PIPE, stderr=subprocess.PIPE, env={"PATH": ""}, cwd=ROOT
        )
        assert self.child.stdin is not None
        with self.child.stdin:
            self.child.stdin.write(json.dumps({**environment, "SEGUE_GRAPH_PORT": str(port)}).encode())

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health/ready", timeout=5) as response:
                return bool(response.status == 200)
        except OSError:
            return False

    def wait_until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_S
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def hears(self, number: int) -> bool:
        """Whether the supervisor has a handler for the signal; without one it would die of it."""
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        return bool(int(status.partition("SigCgt:")[2].split()[0], 16) >> (number - 1) & 1)

    def workers(self) -> list[int]:
        """Children of the supervisor that serve; multiprocessing's resource tracker does not."""
        commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children_of(self.child.pid)}
        return [pid for pid, command in commands.items() if b"resource_tracker" not in command]


@pytest.fixture
def process(environment: dict[str, str], free_port: Callable[[], int]) -> Iterator[Process]:
    started = Process({**environment, "SEGUE_GRAPH_WORKERS": "2"}, free_port())
    started.wait_until(started.answers)
    yield started
    if started.child.poll() is None:
        started.child.terminate()
        started.child.wait(timeout=60)
    assert started.child.stderr is not None
    started.child.stderr.close()


linux = pytest.mark.skipif(sys.platform != "linux", reason="/proc and PR_SET_PDEATHSIG are Linux's")


@linux
def test_workers_die_with_a_supervisor_that_is_killed(process: Process) -> None:
    workers = process.workers()
    assert len(workers) == 2
    os.kill(process.child.pid, signal.SIGKILL)
    process.child.wait()
    process.wait_until(lambda: not any(map(alive, workers)))
    assert not process.answers()


@linux
def test_sigterm_ends_everything_cleanly_and_quietly(process: Process) -> None:
    workers = process.workers()
    process.child.terminate()
    assert process.child.wait(timeout=60) == 0
    assert not any(map(alive, workers))
    assert process.child.stderr is not None
    assert process.child.stderr.read() == b""


async def test_serves_http_and_websockets(process: Process) -> None:
    query = {"query": "{ __typename }"}
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{process.url}/graphql", json=query) as response:
            assert (response.status, (await response.json())["data"]) == (200, {"__typename": "Query"})
        async with http.ws_connect(f"{process.url}/graphql", protocols=("graphql-transport-ws",)) as socket:
            await socket.send_json({"type": "connection_init"})
            assert (await socket.receive_json())["type"] == "connection_ack"
            await socket.send_json({"type": "subscribe", "id": "1", "payload": query})
            answer: Any = await socket.receive_json()
            assert answer["payload"]["data"] == {"__typename": "Query"}


@linux
@pytest.mark.parametrize("moment_s", [0.0, 0.05], ids=["as it is forked", "while it loads"])
def test_a_worker_that_is_stopped_before_it_serves_ends_at_once(
    environment: dict[str, str], free_port: Callable[[], int], moment_s: float
) -> None:
    started = Process(environment, free_port())
    started.wait_until(lambda: started.hears(signal.SIGTERM) and bool(started.workers()))
    time.sleep(moment_s)
    started.child.terminate()
    assert started.child.wait(timeout=60) == 0
    assert started.child.stderr is not None
    with started.child.stderr as errors:
        assert errors.read() == b""  # a worker that did not end, and had to be killed, would be told of
