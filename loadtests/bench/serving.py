"""Servers beside ours: each a process that is told its settings as JSON on standard input, and answers GraphQL."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from loadtests.appliance import free_ports

START_TIMEOUT_S = 120


@contextmanager
def served(command: Sequence[str], settings: Mapping[str, object], *, folder: Path) -> Iterator[str]:
    """The server until the end of the block; answers its address. Raises TimeoutError."""
    (port,) = free_ports(1)
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)  # noqa: S603 -- ours
    try:
        assert process.stdin is not None  # noqa: S101 -- it is a pipe
        with process.stdin:
            process.stdin.write(json.dumps({**settings, "port": int(port)}).encode())
        url = f"http://127.0.0.1:{port}"
        _wait_until_answered(url)
        yield url
    finally:
        process.terminate()
        process.wait(START_TIMEOUT_S)


def _wait_until_answered(url: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            urlopen(f"{url}/graphql?query=%7B__typename%7D", timeout=2).close()  # noqa: S310 -- loopback over http
        except HTTPError:
            return  # it answers, and takes no operations by GET
        except (URLError, OSError):
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(url)
