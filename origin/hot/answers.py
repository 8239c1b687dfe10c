"""Answers that may be given again: what the application has said once, and to whom it may be said.

Theory of operation. The answer to a plain GET follows from the path behind the token, the terms of the token, the
coding that the client takes and, where the rules for web pages name some, the page's origin. These four are its key.
What the application answers is learnt under it: the headers as bytes, and how to come by the body.

Rules
1. A token's terms are believed when it is verified, with the directory behind it: once for a token and a directory, and
   again when it was not seen for long. A bad token is no key, so the application refuses it.
2. Its expiry is compared with the clock for every answer.
3. For every answer the service is asked whether the asset may still be had and whether memory holds what it takes
   (`origin.exchange.Answer.again`). No body is held here.
4. An answer is learnt when it is given the second time. Errors are not learnt, nor are answers to other questions than
   plain ones.

Not here: bytes of requests (`origin.hot.head`), connections (`origin.hot.protocol`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TypeAlias

import msgspec

from edge import token
from edge.errors import TokenRejected
from edge.terms import spell
from origin.cors import Cors
from origin.encodings import Coding, negotiated
from origin.exchange import Again, Answer, Request
from origin.hot.head import Plain, is_plain
from origin.hot.memo import Memo
from origin.reads.sketch import Sketch

TOKENS = 16_384
"""More listeners than a process serves at once. Each takes some 300 bytes: 5 MB."""

ANSWERS = 4_096
"""As many segments as the usual cache holds. Each takes some 2.3 kB with its headers: 9 MB."""

WORTH_LEARNING = 2
"""Times asked for: whoever crawls asks for everything once, and is not to fill this memory."""

SCOPE = re.compile(rb"/assets/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/")
"""What a token is for, and the slash between the two (`origin.layout.asset_directory`)."""
SCOPE_BYTES = 45

Key: TypeAlias = tuple[bytes, str, Coding | None, str | None]


class Ready(msgspec.Struct, frozen=True):
    """An answer without its body: the headers that are the same each time, as lines, and the path for the log."""

    lines: bytes
    path: str
    again: Again


class _Opened(msgspec.Struct, frozen=True):
    """What a genuine token opens, by the text of its terms, and until when."""

    terms: str
    expires_at_s: int


class Answers:
    """What one process has learnt; `keys` are token secrets by key id, `clock` gives Unix seconds."""

    def __init__(self, *, keys: Mapping[str, bytes], cors: Cors, clock: Callable[[], float]) -> None:
        self._keys = keys
        self._cors = cors
        self._clock = clock
        self._opened: Memo[bytes, _Opened] = Memo(TOKENS)
        self._ready: Memo[Key, Ready] = Memo(ANSWERS)
        self._asked = Sketch(ANSWERS)

    def find(self, plain: Plain) -> tuple[Ready, bytes] | None:
        """The answer and its body; None when the application has to be asked."""
        key = self._key(plain)
        ready = None if key is None else self._ready.get(key)
        body = None if ready is None else ready.again()
        return None if ready is None or body is None else (ready, body)

    def learn(self, request: Request, answer: Answer) -> None:
        """Remember what the application has answered, when that may be said again."""
        if answer.again is None or request.method != "GET" or answer.status != HTTPStatus.OK:
            return
        path, named = request.raw_path, request.headers
        if not is_plain(path, has_query=bool(request.query), names=named):
            return
        key = self._key(Plain(path, named.get("accept-encoding"), named.get("origin")))
        if key is None:
            return
        self._asked.add(key)
        if self._asked.count(key) >= WORTH_LEARNING:
            lines = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
            self._ready.put(key, Ready(lines.encode("latin-1"), key[0][1:].decode("ascii"), answer.again))

    def _key(self, plain: Plain) -> Key | None:
        cut = plain.path.find(b"/", 1)
        opened = self._opened.get(plain.path[: cut + SCOPE_BYTES]) or self._open(plain.path, cut)
        if opened is None or self._clock() >= opened.expires_at_s:
            return None
        coding = None if plain.accept_encoding is None else negotiated(plain.accept_encoding)
        return plain.path[cut:], opened.terms, coding, self._cors.distinct(plain.origin)

    def _open(self, path: bytes, cut: int) -> _Opened | None:
        """Verify the token that ends at `cut`; None for a bad one."""
        scope = path[cut : cut + SCOPE_BYTES]
        if not SCOPE.fullmatch(scope):
            return None
        text, directory = path[1:cut].decode("ascii"), scope[1:].decode("ascii")
        try:
            grant = token.verify(text, directory=directory, keys=self._keys, now_s=int(self._clock()))
        except TokenRejected:
            return None
        opened = _Opened(spell(grant.terms), grant.expires_at_s)
        self._opened.put(path[: cut + SCOPE_BYTES], opened)
        return opened
