"""Asking a server over HTTP how it is, without an HTTP client, whose import takes longer than the servers' start."""

from __future__ import annotations

import asyncio

TIMEOUT_S = 2.0
"""A readiness answer takes as long as the slowest service behind it; whoever wants to hear it then waits longer."""
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- listening there means being reachable on loopback


def reachable(host: str) -> str:
    """The address at which a server that listens on `host` is reached from this machine."""
    return ANY_ADDRESS.get(host, host)


async def http_status(host: str, port: int, path: str, *, limit_s: float = TIMEOUT_S) -> int | None:
    """The status of a GET, or None when nothing answers."""
    try:
        async with asyncio.timeout(limit_s):
            answer = await _exchange(reachable(host), port, path)
    except (OSError, TimeoutError):
        return None
    words = answer.split(b" ", 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
        return None
    return int(words[1])


async def _exchange(host: str, port: int, path: str) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        # HTTP/1.0: the body is not chunked and ends with the connection.
        writer.write(f"GET {path} HTTP/1.0\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        return await reader.read()
    finally:
        writer.close()
