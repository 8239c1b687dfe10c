"""The text of a document by its hash: the trusted list, and what clients have told us.

What clients tell is an optimisation of the network and no matter of trust: anybody may put a document here, under its
own hash alone. It is kept in Valkey for all processes and in this process for those asked lately. Both are bounded, by
number and by the size of one; what was forgotten, or could not be read, is asked for again (`PersistedQueryNotFound`).
"""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from collections.abc import Mapping

from valkey.asyncio import Valkey

from graph.errors import UnknownDocument, UntrustedDocument
from graph.persisted.wanted import Wanted, digest_of
from graph.protection.sparing import Sparing

KEPT_HERE = 512
KEPT_TOGETHER = 4096
LONGEST_KEPT = 16 * 1024
"""Characters; our own largest document has four thousand. All kept together take 64 MB at most."""
TEXTS, USED = "segue:{documents}:texts", "segue:{documents}:used"

PUT = """
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
local beyond = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[4])
if beyond > 0 then
    for _, digest in ipairs(redis.call('ZRANGE', KEYS[2], 0, beyond - 1)) do
        redis.call('HDEL', KEYS[1], digest)
        redis.call('ZREM', KEYS[2], digest)
    end
end
"""
GET = """
local text = redis.call('HGET', KEYS[1], ARGV[1])
if text then redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1]) end
return text
"""


class PersistedDocuments:
    """The documents of one process; `only_trusted` answers nothing that is not on the list."""

    def __init__(self, client: Valkey, trusted: Mapping[str, str], *, only_trusted: bool) -> None:
        self._trusted = trusted
        self._only_trusted = only_trusted
        self._here: OrderedDict[str, str] = OrderedDict()
        self.refused: Counter[str] = Counter()
        """How often a document was not there to be answered, by the code that said so."""
        self._put = client.register_script(PUT)
        self._get = client.register_script(GET)
        self._sparing = Sparing("persisted documents")

    async def text(self, wanted: Wanted) -> str | None:
        """The text to execute; None when nothing was asked for. Raises UnknownDocument, UntrustedDocument."""
        if self._only_trusted:
            return self._listed(wanted)
        if wanted.digest is None:
            return wanted.text
        known = self._trusted.get(wanted.digest) or self._recalled(wanted.digest)
        if known is not None:
            return known
        if wanted.text is not None:
            return wanted.text
        found = await self._sparing.ask(lambda: self._fetched(str(wanted.digest)), otherwise=None)
        if found is None:
            self.refused[UnknownDocument.code.value] += 1
            raise UnknownDocument
        self._remember(wanted.digest, found)
        return found

    async def keep(self, wanted: Wanted) -> None:
        """Remember a text that came with its hash, unless it is known or too long.

        For who has paid for reading it (`graph.transport.finding`): nobody fills for nothing the room that all share.
        """
        digest, text = wanted.digest, wanted.text
        if digest is None or text is None or len(text) > LONGEST_KEPT:
            return
        if digest in self._trusted or self._recalled(digest) is not None:
            return
        self._remember(digest, text)
        arguments: list[str | float] = [digest, text, time.time(), KEPT_TOGETHER]
        await self._sparing.ask(lambda: self._put(keys=[TEXTS, USED], args=arguments), otherwise=None)

    def _listed(self, wanted: Wanted) -> str | None:
        if wanted.digest is None and wanted.text is None:
            return None
        digest = wanted.digest or digest_of(wanted.text or "")
        if digest not in self._trusted:
            self.refused[UntrustedDocument.code.value] += 1
            raise UntrustedDocument
        return self._trusted[digest]

    def _recalled(self, digest: str) -> str | None:
        if digest in self._here:
            self._here.move_to_end(digest)
        return self._here.get(digest)

    def _remember(self, digest: str, text: str) -> None:
        self._here[digest] = text
        if len(self._here) > KEPT_HERE:
            self._here.popitem(last=False)

    async def _fetched(self, digest: str) -> str | None:
        found: bytes | None = await self._get(keys=[TEXTS, USED], args=[digest, time.time()])
        return None if found is None else found.decode()
