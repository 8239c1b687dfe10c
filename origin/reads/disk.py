"""The disk tier: blocks as files, in a folder that the workers of a machine share and that outlives them.

A file is named by the digest of what it has to hold, and what is read from it is checked against its name. So nothing
has to be told to other workers or remembered for the next start, and no write has to be forced to the disk: a file that
a power failure has cut short is a miss. A file becomes visible whole, by a rename.

The size is kept by sweeps: whenever a worker has written a sixteenth of it, the files that were used longest ago go
until an eighth is free. A disk that is full or broken costs the tier, never an answer.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from operator import attrgetter
from pathlib import Path

import msgspec

from config.logs import logger
from origin.reads.block import Block

SWEEP_SHARE = 1 / 16
FREE_SHARE = 1 / 8
ABANDONED_S = 600
"""After which an unfinished file belongs to a worker that was killed."""

UNFINISHED = ".part"
OURS = re.compile(r"[0-9a-f]{30}(-[0-9a-f]{8}\.part)?")
"""The names of files, finished or not, below the folder of their first two digits."""

WRITES_MAX = 32
"""Waiting at once; a disk that does not keep up misses some, and memory does not hold them."""

log = logger(__name__)


class _Found(msgspec.Struct, frozen=True):
    """A file of the folder, when it was used last, in nanoseconds, and its size."""

    path: Path
    used_ns: int
    size_bytes: int


class Disk:
    """Blocks in `folder`, of `room_bytes` together."""

    def __init__(self, folder: Path, *, room_bytes: int) -> None:
        self._folder = folder
        self._room_bytes = room_bytes
        self._unswept_bytes = 0
        self._writes: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Make the folder and bring what is in it to its size."""
        await asyncio.to_thread(self._open)

    async def close(self) -> None:
        """Wait for what is being written."""
        await asyncio.gather(*self._writes)

    async def read(self, block: Block) -> bytes | None:
        """Answer the block if it is there, to the bit."""
        return await asyncio.to_thread(self._read, block)

    def keep(self, block: Block, data: bytes) -> None:
        """Write the block soon, unless too much is being written already."""
        if len(self._writes) < WRITES_MAX:
            task = asyncio.create_task(asyncio.to_thread(self._write, block, data))
            self._writes.add(task)
            task.add_done_callback(self._writes.discard)

    def _open(self) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._sweep()
        except OSError as error:
            log.warning("disk tier cannot be opened", reason=str(error))

    def _path(self, block: Block) -> Path:
        """Spread over 256 folders: some file systems are slow with a million names in one."""
        return self._folder / block.sha256[:2] / block.sha256[2:]

    def _read(self, block: Block) -> bytes | None:
        path = self._path(block)
        try:
            data = path.read_bytes()
            if block.is_in(data):
                os.utime(path)
                return data
            log.warning("damaged file in the disk tier", path=str(path))
            path.unlink()
        except FileNotFoundError:
            pass
        except OSError as error:
            log.warning("disk tier cannot be read", reason=str(error))
        return None

    def _write(self, block: Block, data: bytes) -> None:
        try:
            _put(self._path(block), data)
            self._unswept_bytes += len(data)
            if self._unswept_bytes >= self._room_bytes * SWEEP_SHARE:
                self._sweep()
        except OSError as error:
            log.warning("disk tier cannot be written", reason=str(error))

    def _sweep(self) -> None:
        """Remove what was used longest ago until there is room; other workers may be doing the same."""
        self._unswept_bytes = 0
        found = sorted(self._finished(), key=attrgetter("used_ns"))
        held_bytes = sum(file.size_bytes for file in found)
        if held_bytes <= self._room_bytes * (1 - SWEEP_SHARE):
            return
        for file in found:
            if held_bytes <= self._room_bytes * (1 - FREE_SHARE):
                return
            with suppress(OSError):
                file.path.unlink()
            held_bytes -= file.size_bytes

    def _finished(self) -> Iterator[_Found]:
        """Every file but those that are being written; of these, what nobody will finish goes."""
        abandoned_ns = time.time_ns() - ABANDONED_S * 10**9
        for file in self._files():
            if file.path.suffix != UNFINISHED:
                yield file
            elif file.used_ns < abandoned_ns:
                file.path.unlink(missing_ok=True)

    def _files(self) -> Iterator[_Found]:
        """What is ours: an operator may have given a folder in which other things lie."""
        for path in self._folder.glob("[0-9a-f][0-9a-f]/*"):
            if OURS.fullmatch(path.name):
                with suppress(FileNotFoundError):
                    status = path.stat()
                    yield _Found(path, status.st_mtime_ns, status.st_size)


def _put(path: Path, data: bytes) -> None:
    """Write a file that appears whole. Raises OSError."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    unfinished = path.with_name(f"{path.name}-{secrets.token_hex(4)}{UNFINISHED}")
    try:
        unfinished.write_bytes(data)
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
