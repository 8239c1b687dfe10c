"""A relay between an origin and the real object store that misbehaves when it is told to."""

import asyncio
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

INTERNAL_ERROR = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
RANGE = re.compile(rb"^GET (\S+).*?^range: (\S+)", re.DOTALL | re.MULTILINE | re.IGNORECASE)


class Gate:
    """A relay with a loop of its own; `fault` names a method of :class:`_Faults`, or is None."""

    def __init__(self, store_port: int) -> None:
        self.fault: str | None = None
        self.asked: list[tuple[str, str]] = []
        """The path and the Range of every read that came here."""
        self.connections: set[asyncio.StreamWriter] = set()
        self._store_port = store_port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._server = self._soon(asyncio.start_server(self._handle, "127.0.0.1", 0)).result(60)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def reads_of(self, name: str) -> int:
        return sum(path.endswith(name) for path, _ in self.asked)

    def stop(self) -> None:
        """Break everything off, and everything that comes."""
        self.fault = "stopped"
        self._loop.call_soon_threadsafe(self._abort)

    def mend(self) -> None:
        self.fault = None

    def close(self) -> None:
        self.stop()
        self._soon(self._close()).result(60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _soon(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _close(self) -> None:
        self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _abort(self) -> None:
        for writer in self.connections:
            writer.transport.abort()

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.fault == "stopped":
            writer.transport.abort()
            return
        self.connections.add(writer)
        there, to_store = await asyncio.open_connection("127.0.0.1", self._store_port)
        both = [
            asyncio.ensure_future(self._forward(reader, to_store, writer)),
            asyncio.ensure_future(self._back(there, writer)),
        ]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            self.connections.discard(writer)
            writer.transport.abort()
            to_store.transport.abort()

    async def _forward(self, reader, to_store, writer) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                if found := RANGE.search(data):
                    self.asked.append((found[1].decode(), found[2].decode()))
                if self.fault == "returning 500s" and data.startswith(b"GET"):
                    writer.write(INTERNAL_ERROR)
                else:
                    to_store.write(data)
                    await to_store.drain()

    async def _back(self, there, writer) -> None:
        with suppress(OSError):
            while data := await there.read(65536):
                while self.fault == "slow":
                    await asyncio.sleep(0.01)
                if self.fault == "short bodies":
                    writer.write(data[:-1])
                    await writer.drain()
                    writer.close()
                    return
                writer.write(_spoiled(data) if self.fault == "wrong bytes" else data)
                await writer.drain()


def _spoiled(data: bytes) -> bytes:
    """With another last byte, if that belongs to a body."""
    body = data.find(b"\r\n\r\n") + 4 if data.startswith(b"HTTP/") else 0
    return data[:-1] + bytes([data[-1] ^ 1]) if body < len(data) else data


@pytest.fixture
def gates() -> Iterator[Callable[[str], Gate]]:
    """Make gates to the store at an endpoint."""
    made: list[Gate] = []

    def gate_to(endpoint: str) -> Gate:
        made.append(Gate(int(endpoint.rpartition(":")[2])))
        return made[-1]

    yield gate_to
    for gate in made:
        gate.close()


@pytest.fixture
def gated(services, start_origin, free_port, tmp_path, gates):
    """An origin of a test's own whose way to the store goes through a gate."""

    @contextmanager
    def gated(**settings: str):
        gate = gates(services.environment["SEGUE_S3_ENDPOINT"])
        environment = {
            **services.environment,
            "SEGUE_S3_BUCKET": next(services.buckets),
            "SEGUE_S3_ENDPOINT": gate.url,
            "SEGUE_ORIGIN_PORT": str(free_port()),
            **settings,
        }
        with start_origin(environment, tmp_path) as origin:
            yield gate, origin

    return gated
