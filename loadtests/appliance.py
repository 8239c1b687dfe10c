"""An appliance started from outside, as a person starts it: `make up`, on free ports and in a home of its own.

The end-to-end tests and the benchmark share it. Only processes that were started here are ended here.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[1]
START_TIMEOUT_S = 600
STOP_TIMEOUT_S = 180
COMMAND_TIMEOUT_S = 1800
"""For what hangs: importing a long master takes minutes on a busy machine."""
FOREIGN = ("SEGUE_", "MAKE", "MFLAGS")
INTERRUPTED = (0, 2, -signal.SIGINT)
"""How make reports the Ctrl-C that it got together with its child; 0 if it heard first that the child had ended."""
PORTS = range(20_000, 32_000)
"""Below those that Linux gives out itself, to connections and to whoever asks for any port: between the choice of one
and its listener, seconds later on a busy machine, nobody else gets it."""
_next_port = count(os.getpid() * 7417)
"""Processes with neighbouring numbers begin far from each other, by the golden section."""
PORT_VARIABLES = ("SEGUE_GRAPH_PORT", "SEGUE_ORIGIN_PORT", "SEGUE_S3_PORT", "SEGUE_VALKEY_PORT")


class NotReadyError(Exception):
    """`make up` ended or took too long before it was ready; the message holds what it printed."""


class Appliance(msgspec.Struct, frozen=True, kw_only=True):
    """A running `make up`; `environment` is what a second terminal exports to talk to it."""

    environment: dict[str, str]
    log: Path
    ready_after_s: float

    @property
    def graph_url(self) -> str:
        return f"http://127.0.0.1:{self.environment['SEGUE_GRAPH_PORT']}"

    @property
    def home(self) -> Path:
        return Path(self.environment["SEGUE_HOME"])

    def run(self, *command: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command in the project's folder as the second terminal does."""
        return subprocess.run(  # noqa: S603 -- the project's own commands
            command,
            cwd=ROOT,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_TIMEOUT_S,
        )

    def segue(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        return self.run("segue", *arguments, stdin=stdin)


def second_terminal(home: Path, environment: dict[str, str]) -> dict[str, str]:
    """An environment with `home` and free ports, without settings of the caller's own.

    A `make` above us marks its children by variables too, and theirs would say which folder they enter.
    """
    return {
        **{name: value for name, value in environment.items() if not name.startswith(FOREIGN)},
        **dict(zip(PORT_VARIABLES, free_ports(len(PORT_VARIABLES)), strict=True)),
        "SEGUE_HOME": str(home),
        "PATH": f"{ROOT / '.venv' / 'bin'}:{environment['PATH']}",
    }


@contextmanager
def running(environment: dict[str, str], log: Path, *options: str) -> Iterator[Appliance]:
    """`make up` until it is ready; Ctrl-C and a clean exit at the end. Raises NotReadyError.

    `options` are those of `segue up`: what has no use for the demo library starts without it, and has the cores.
    """
    began = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 -- the options are ours
            ["make", "up", f"ARGS={' '.join(options)}"],  # noqa: S607 -- found on the PATH, as a person's is
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait_until_ready(process, f"http://127.0.0.1:{environment['SEGUE_GRAPH_PORT']}", log)
        yield Appliance(environment=environment, log=log, ready_after_s=time.monotonic() - began)
    finally:
        _stop(process)
    if process.returncode not in INTERRUPTED:
        raise NotReadyError(f"`make up` ended with {process.returncode}:\n{log.read_text()}")


def unused_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on, another one at every call."""
    while True:
        port = PORTS[next(_next_port) % len(PORTS)]
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def free_ports(number: int) -> list[str]:
    return [str(unused_port()) for _ in range(number)]


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not _is_ready(url):
        if process.poll() is not None or time.monotonic() > deadline:
            raise NotReadyError(f"`make up` did not become ready:\n{log.read_text()}")
        time.sleep(0.02)


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health/ready", timeout=2) as answer:  # noqa: S310 -- loopback over http
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ctrl-C, as a terminal sends it: to the whole foreground group, `make` and `segue` alike."""
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
