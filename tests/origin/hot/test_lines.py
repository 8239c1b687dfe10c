"""The access log of the hot path: the same lines as the application's, soon, and whole."""

import asyncio
import io
import json
import logging

import pytest
import structlog

from config.logs import configure_logs
from origin.hot.lines import PIECE_BYTES, ConsoleLines, JsonLines

LINE = {"request_id": "abcd-1234", "path": "assets/x/1/aac-96/0.m4s", "sent_bytes": 80_000, "elapsed_ms": 0.0312}


@pytest.fixture
def logs():
    """What a test sets up is gone after it."""
    handlers = logging.root.handlers[:]
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    logging.root.handlers = handlers


@pytest.mark.usefixtures("logs")
async def test_a_line_is_what_structlog_writes(capsys) -> None:
    configure_logs("origin", json=True)
    ConsoleLines().answered(**LINE)
    theirs = capsys.readouterr().err
    stream = io.BytesIO()
    lines = JsonLines(stream, process="origin", clock=lambda: 1_800_000_000.25)
    lines.answered(**LINE)
    lines.flush()
    ours, them = json.loads(stream.getvalue()), json.loads(theirs)
    assert ours.pop("timestamp") == "2027-01-15T08:00:00.250000Z"
    assert len(them.pop("timestamp")) == len("2027-01-15T08:00:00.250000Z")
    assert ours == them
    assert stream.getvalue().endswith(b"}\n")


async def test_lines_are_written_in_pieces_that_a_pipe_takes_whole() -> None:
    written = []

    class Pipe(io.BytesIO):
        def write(self, piece) -> int:
            written.append(bytes(piece))
            return len(piece)

    lines = JsonLines(Pipe(), process="origin", clock=lambda: 0.0)
    for number in range(100):
        lines.answered(**{**LINE, "request_id": f"number-{number}"})
    lines.flush()
    lines.flush()
    assert all(len(piece) <= PIECE_BYTES and piece.endswith(b"\n") for piece in written)
    told = [json.loads(line)["request_id"] for line in b"".join(written).splitlines()]
    assert told == [f"number-{number}" for number in range(100)]


async def test_log_that_cannot_be_written_harms_nobody() -> None:
    with open("/dev/full", "wb", buffering=0) as full:  # noqa: PTH123 -- a device
        lines = JsonLines(full, process="origin", clock=lambda: 0.0)
        for _ in range(100):
            lines.answered(**LINE)
        lines.flush()


async def test_a_single_line_is_not_kept_for_long() -> None:
    stream = io.BytesIO()
    JsonLines(stream, process="origin", clock=lambda: 0.0).answered(**LINE)
    assert stream.getvalue() == b""
    async with asyncio.timeout(60):
        while not stream.getvalue():
            await asyncio.sleep(0.02)
