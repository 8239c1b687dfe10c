"""Valkey: one client a process, for caches, presence and publish/subscribe."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from valkey.asyncio import Valkey
from valkey.exceptions import ValkeyError

from config.errors import ServiceUnavailable
from config.settings import ValkeySettings


@asynccontextmanager
async def open_valkey(settings: ValkeySettings) -> AsyncIterator[Valkey]:
    """Make the client and close it at the end. It connects on first use: the service may come up later."""
    client = Valkey.from_url(
        settings.url.reveal(),
        socket_connect_timeout=settings.timeout_s,
        socket_timeout=settings.timeout_s,
        health_check_interval=30,
    )
    try:
        yield client
    finally:
        await client.aclose()


async def ping(client: Valkey) -> None:
    """Ask for a PONG. Raises ServiceUnavailable."""
    try:
        await client.ping()
    except (OSError, ValkeyError, TimeoutError) as error:
        raise ServiceUnavailable("Valkey", type(error).__name__) from error
