"""Sending a file to the object store: by one PUT, or in the parts that the API has cut it into.

Rules of parts:

- A part that has arrived is not sent again: a file whose sending was broken off goes on where it was.
- A few are on their way at once, begun in their order: the embedded store writes them one behind the other.
- A part that the store dropped is sent again here; only when that does not help is the file given up.

Not here: who promises the file and completes the promise (`importer.passage`).
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

import aiohttp
import msgspec

from appliance.client_errors import StoreRefused

Sent = Callable[[int], None]
"""Is told how many bytes of the file are on their way or there."""

CONNECT_TIMEOUT_S: Final = 5.0
SILENCE_TIMEOUT_S: Final = 60.0  # of the store, once it has everything
READ_BYTES: Final = 256 * 1024
PARALLEL_PARTS: Final = 3
"""Enough to fill a line whose round trips are long; the store holds what comes before its turn in memory."""
PART_ATTEMPTS: Final = 4
FIRST_PAUSE_S: Final = 0.5  # doubled after every attempt


class HttpHeader(msgspec.Struct, frozen=True):
    name: str
    value: str


class PartTicket(msgspec.Struct, frozen=True, rename="camel"):
    """Where one part of a file goes, and whether it is there already."""

    number: int
    offset_bytes: int
    size_bytes: int
    method: str
    url: str
    headers: list[HttpHeader]
    arrived: bool


class UploadTicket(msgspec.Struct, frozen=True, rename="camel"):
    """Where a promised file goes: the answer of `createUpload`."""

    id: str
    method: str
    url: str
    headers: list[HttpHeader]
    arrived_bytes: int = 0
    parts: list[PartTicket] | None = None


async def send(http: aiohttp.ClientSession, ticket: UploadTicket, file: Path, *, size_bytes: int, sent: Sent) -> None:
    """Send what has not arrived. Raises StoreRefused, OSError."""
    if ticket.parts is None:
        whole = PartTicket(
            number=1,
            offset_bytes=0,
            size_bytes=size_bytes,
            method=ticket.method,
            url=ticket.url,
            headers=ticket.headers,
            arrived=False,
        )
        await _put(http, whole, file, sent)
        return
    tally = _Tally(ticket.parts, sent)
    missing = iter([part for part in ticket.parts if not part.arrived])
    lanes = [asyncio.create_task(_lane(http, missing, file, tally)) for _ in range(PARALLEL_PARTS)]
    try:
        await asyncio.gather(*lanes)
    finally:
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)


class _Tally:
    """The parts' progress as that of the file."""

    def __init__(self, parts: list[PartTicket], sent: Sent) -> None:
        self._by_part = {part.number: part.size_bytes for part in parts if part.arrived}
        self._sent = sent
        sent(sum(self._by_part.values()))

    def of(self, part: PartTicket) -> Sent:
        def moved(count: int) -> None:
            self._by_part[part.number] = count
            self._sent(sum(self._by_part.values()))

        return moved


async def _lane(http: aiohttp.ClientSession, parts: Iterator[PartTicket], file: Path, tally: _Tally) -> None:
    """Send one part after another, as long as there are any that nobody has begun."""
    for part in parts:
        await _put_patiently(http, part, file, tally.of(part))


async def _put_patiently(http: aiohttp.ClientSession, part: PartTicket, file: Path, sent: Sent) -> None:
    pause_s = FIRST_PAUSE_S
    for _ in range(PART_ATTEMPTS - 1):
        try:
            return await _put(http, part, file, sent)
        except StoreRefused as error:
            if not error.retryable:
                raise
        await asyncio.sleep(pause_s)
        pause_s *= 2
    return await _put(http, part, file, sent)


async def _put(http: aiohttp.ClientSession, part: PartTicket, file: Path, sent: Sent) -> None:
    headers = {header.name: header.value for header in part.headers}
    # A stated length keeps the client from chunked encoding, which S3 does not take.
    headers["content-length"] = str(part.size_bytes)
    timeout = aiohttp.ClientTimeout(sock_connect=CONNECT_TIMEOUT_S, sock_read=SILENCE_TIMEOUT_S)
    # Opened here, because the HTTP library hides the errors of a body; a cancellation would lose what a thread opens.
    with file.open("rb") as stream:
        body = _chunks(stream, part, sent) if part.size_bytes else b""
        try:
            async with http.request(part.method, part.url, data=body, headers=headers, timeout=timeout) as answer:
                _require_taken(answer.status, await answer.read())
        except (aiohttp.ClientError, ConnectionError, TimeoutError) as error:
            raise StoreRefused(cause_of(error), retryable=True) from error


async def _chunks(stream: BinaryIO, part: PartTicket, sent: Sent) -> AsyncGenerator[bytes, None]:
    await asyncio.to_thread(stream.seek, part.offset_bytes)
    total = 0
    while chunk := await asyncio.to_thread(stream.read, min(READ_BYTES, part.size_bytes - total)):
        yield chunk
        total += len(chunk)
        sent(total)


def cause_of(error: BaseException) -> str:
    """Why a connection came to nothing, in a few words."""
    if isinstance(error, aiohttp.ClientConnectorError):
        number = error.os_error.errno  # its own text repeats the address
        return os.strerror(number) if number and number > 0 else "no connection"
    return "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__


def _require_taken(status: int, body: bytes) -> None:
    """Raise StoreRefused; S3 errors are XML with a code such as `SignatureDoesNotMatch`."""
    if status < 300:
        return
    found = re.search(rb"<Code>(\w+)</Code>", body)
    cause = f"{found[1].decode('ascii')}, status {status}" if found else f"status {status}"
    raise StoreRefused(cause, retryable=status >= 500, status=status)
