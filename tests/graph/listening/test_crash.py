"""A process that is killed while plays are reported, by the operating system and without a warning."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import aiohttp
import pytest

from graph import ids
from graph.viewer import Role, Viewer

REPORT = "mutation($i: ReportPlaysInput!) { reportPlays(input: $i) { results { clientKey outcome } } }"
BATCHES = 24
PLAYS = 10
"""In each batch."""
KILLED_AFTER = 6
"""Answers."""

STORED, KEYS = "SELECT count(*) FROM plays", "SELECT count(*) FROM play_keys"
# The processes count plays beside the reports.
COUNTED_OR_WAITING = """
SELECT (SELECT count(*) FROM plays_waiting)
    + (SELECT coalesce(sum(plays), 0) FROM top_tracks WHERE span = 'all_time')
"""


def batch(track: UUID, number: int) -> dict[str, object]:
    started = datetime.now(UTC) - timedelta(minutes=5)
    return {
        "plays": [
            {
                "clientKey": f"{number} {n}",
                "trackId": ids.encode("Track", track),
                "startedAt": started.isoformat(),
                "playedMs": 60_000,
            }
            for n in range(PLAYS)
        ]
    }


def family(pid: int) -> Iterator[int]:
    """A process and those that it has started."""
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split():
        yield from family(int(child))


def kill(process: "subprocess.Popen[str]") -> None:
    for pid in list(family(process.pid)):
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
async def fan_and_track(add_user, add_track) -> tuple[Viewer, UUID]:
    return await add_user(Role.LISTENER), await add_track(await add_user(Role.ARTIST), ready=60_000)


async def test_what_was_answered_is_there_and_what_was_not_can_be_reported_again(
    start_graph, graph_children, api, fan_and_track, pool
) -> None:
    fan, track = fan_and_track
    client = api(start_graph(), fan)
    answered: set[str] = set()
    answers = 0

    async def report(number: int) -> None:
        nonlocal answers
        try:
            answer = await client.data(REPORT, i=batch(track, number))
        except (aiohttp.ClientError, OSError):
            return
        answered.update(result["clientKey"] for result in answer["results"])
        answers += 1
        if answers == KILLED_AFTER:
            kill(graph_children[0])

    queue = iter(range(BATCHES))

    async def reporter() -> None:
        for number in queue:
            await report(number)

    await asyncio.gather(*(reporter() for _ in range(4)))
    kept = {row["client_key"] for row in await pool.fetch("SELECT client_key FROM play_keys")}
    assert KILLED_AFTER * PLAYS <= len(answered) < BATCHES * PLAYS
    assert answered <= kept

    again = api(start_graph(), fan)
    outcomes: dict[str, str] = {}
    for number in range(BATCHES):
        results = (await again.data(REPORT, i=batch(track, number)))["results"]
        outcomes.update({result["clientKey"]: result["outcome"] for result in results})
    assert {outcomes[key] for key in answered} == {"COUNTED_BEFORE"}
    assert set(outcomes.values()) <= {"COUNTED", "COUNTED_BEFORE"}
    for counted in (STORED, KEYS, COUNTED_OR_WAITING):
        assert await pool.fetchval(counted) == BATCHES * PLAYS
