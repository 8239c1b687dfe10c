"""A connection: uvicorn's protocol, which first looks whether a request can be answered at once.

It can when the connection waits for a request, the bytes are one plain head and nothing else, whatever was sent before
has left, and the answer is known. In every other case uvicorn gets the bytes as they came, and calls the application.

Two limits are ours because uvicorn has none of them: how much of a request may be no body, and how long a client may
take for one or leave an answer lying. TLS and HTTP/2 end at the CDN (decision 0101).
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from time import perf_counter
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from origin.hot import head
from origin.hot.state import HotState
from origin.request_id import known_or_new

QUIET_LIMIT_S = 75
"""What stands in front closes idle connections after a minute at most, by default, and should be the first to."""

FRAME_LIMIT_BYTES = 64 * 1024
"""Of what is no body of a request, behind its first bytes: head, sizes of chunks, trailers, however they come."""


class HotProtocol(HttpToolsProtocol):
    """One connection; `app_state` has the `HotState` of the process."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._hot: HotState = app_state["hot"]
        self._is_in_message = False
        self._frame_bytes = 0
        self._quiet_since_s = 0.0
        self._unsent_bytes = 0
        self._look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._quiet_since_s = self.loop.time()
        self._look_later()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._look is not None:
            self._look.cancel()

    def data_received(self, data: bytes) -> None:
        if self._waits and not self._is_in_message and not self.flow.write_paused and self._is_answered(data):
            return
        self._frame_bytes += len(data)
        super().data_received(data)
        if self._frame_bytes > FRAME_LIMIT_BYTES and not self.transport.is_closing():
            self.send_400_response("Too long a request.")

    def on_message_begin(self) -> None:
        self._is_in_message = True
        self._frame_bytes = 0
        self._quiet_since_s = self.loop.time()
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        self._frame_bytes -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_in_message = False
        self._frame_bytes = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self._quiet_since_s = self.loop.time()
        super().on_response_complete()

    def resume_writing(self) -> None:
        self._unsent_bytes = 0  # what is written now may come to the same number
        super().resume_writing()

    @property
    def _waits(self) -> bool:
        """Whether every request that was read has been answered."""
        return self.cycle is None or self.cycle.response_complete

    def _is_answered(self, data: bytes) -> bool:
        """Answer the request that `data` is, if that can be done at once."""
        started_s = perf_counter()
        plain = head.read(data)
        found = None if plain is None else self._hot.answers.find(plain)
        if plain is None or found is None:
            return False
        (ready, body), name = found, known_or_new(plain.request_id)
        start = _start(tuple(self.server_state.default_headers))
        self.transport.writelines((b"%b%bx-request-id: %b\r\n\r\n" % (start, ready.lines, name.encode("ascii")), body))
        self._unset_keepalive_if_required()
        self._quiet_since_s = self.loop.time()
        elapsed_ms = (perf_counter() - started_s) * 1000
        self._hot.lines.answered(request_id=name, path=ready.path, sent_bytes=len(body), elapsed_ms=elapsed_ms)
        return True

    def _look_later(self) -> None:
        self._look = self.loop.call_later(QUIET_LIMIT_S, self._end_if_stuck)

    def _end_if_stuck(self) -> None:
        """End the connection when no whole request has come, or nothing left of an answer, for `QUIET_LIMIT_S`."""
        unsent_bytes = self.transport.get_write_buffer_size()
        if unsent_bytes:
            is_stuck = unsent_bytes == self._unsent_bytes
        else:
            is_clients_turn = self._waits or self._is_in_message
            is_stuck = is_clients_turn and self.loop.time() - self._quiet_since_s >= QUIET_LIMIT_S
        if is_stuck:
            self.transport.abort()
            return
        self._unsent_bytes = unsent_bytes
        self._look_later()


@lru_cache(maxsize=1)
def _start(server_headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """The first lines of an answer, which change every second."""
    return b"".join((b"HTTP/1.1 200 OK\r\n", *(b"%b: %b\r\n" % header for header in server_headers)))
