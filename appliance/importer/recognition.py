"""Recognising audio that is there already in another file: by the fingerprint of what can be heard.

Decoding takes a core for a second a track, so a file is decoded once, as many at a time as there are cores. Two files
of one audio, at the same time, are one upload: the second waits for the first and finds it.
"""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

from ingest.fingerprint import fingerprint


class Recognition(Protocol):
    """Who tells what a file sounds like."""

    def audio_of(self, file: Path) -> AbstractAsyncContextManager[str | None]:
        """The file's fingerprint, which nobody else has inside this context; None when it has none. Raises OSError."""


class Unrecognised:
    """Knows no audio: for files of which everybody knows that they are new."""

    @asynccontextmanager
    async def audio_of(self, file: Path) -> AsyncIterator[str | None]:  # noqa: ARG002 -- as the others ask
        yield None


class ByFingerprint:
    """Decodes files below a scratch folder."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._cores = asyncio.Semaphore(os.cpu_count() or 1)
        self._known: dict[Path, str | None] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def audio_of(self, file: Path) -> AsyncIterator[str | None]:
        if file not in self._known:
            async with self._cores:
                self._known[file] = await fingerprint(file, scratch=self._scratch)
        found = self._known[file]
        if found is None:
            yield None
            return
        async with self._locks[found]:
            yield found
