"""Row: from `make up` to ready on a prepared machine, beside PostgreSQL alone.

Whoever builds on PostgreSQL waits for PostgreSQL anyway: a bare server on the same data folder, from its start to its
first answered query, is the floor under every appliance.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import time

import asyncpg

from appliance.credentials import load
from appliance.embedded import postgres
from appliance.home import Home

POLL_S = 0.01
TIMEOUT_S = 60


async def bare_postgres(home: Home) -> float:
    """Start the home's cluster by itself, answer `SELECT 1`, stop it; answers the seconds of the start."""
    command = postgres.server_command(home.postgres, socket_folder=home.socket_folder)
    url = postgres.url(
        home.socket_folder,
        role=postgres.ROLE,
        password=load(home.credentials_file).postgres_password,
        database=postgres.DATABASE,
    )
    began = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603, ASYNC220 -- our own program; nothing else runs in this loop
        command.guarded(os.getpid()), env=command.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(TIMEOUT_S):
            while not await _answers(url):  # noqa: ASYNC110 -- another process gives no event to wait for
                await asyncio.sleep(POLL_S)
        return time.perf_counter() - began
    finally:
        process.send_signal(command.stop_signal)
        await asyncio.to_thread(process.wait, TIMEOUT_S)


async def _answers(url: str) -> bool:
    with contextlib.suppress(OSError, asyncpg.PostgresError):
        connection = await asyncpg.connect(url)
        await connection.fetchval("SELECT 1")
        await connection.close()
        return True
    return False
