"""The scratch folder: one folder a worker, one a job in it, and what dead workers left is removed.

A worker holds a lock on its folder for as long as it lives; the kernel lets go of it however the worker ends, so a
folder whose lock can be taken belongs to nobody. Folders are made and swept under a lock on the scratch folder itself,
for a folder that is made and not locked yet looks like a dead one. Nothing here outlives a job.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

from ingest.errors import NoRoom
from ingest.pcm import PcmInfo

PREFIX = "worker-"
PORTION_FRAMES = 1 << 16


@contextmanager
def worker_folder(scratch: Path) -> Iterator[Path]:
    """A folder of this worker's own, removed at the end; folders of dead workers are removed at the start."""
    scratch.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        with _opened(scratch) as all_folders:
            fcntl.flock(all_folders, fcntl.LOCK_EX)
            for folder in scratch.glob(f"{PREFIX}*"):
                _remove_if_dead(folder)
            own = Path(mkdtemp(prefix=PREFIX, dir=scratch))
            fcntl.flock(stack.enter_context(_opened(own)), fcntl.LOCK_EX)
        stack.callback(shutil.rmtree, own, ignore_errors=True)
        yield own


@contextmanager
def job_folder(worker: Path) -> Iterator[Path]:
    folder = Path(mkdtemp(prefix="job-", dir=worker))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def room() -> Iterator[None]:
    """Tell a full disk from other errors. Raises NoRoom."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoRoom from error
        raise


def read_portions(path: Path, info: PcmInfo, frames: int = PORTION_FRAMES) -> Iterator[bytes]:
    """The samples of a scratch file in whole frames."""
    with path.open("rb") as file:
        while portion := file.read(frames * info.frame_bytes):
            yield portion


def _remove_if_dead(folder: Path) -> None:
    # Its worker may live, and hold it, or end and remove it right now.
    with suppress(BlockingIOError, FileNotFoundError), _opened(folder) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    """A descriptor of a folder, to lock it by; closing it lets go."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
