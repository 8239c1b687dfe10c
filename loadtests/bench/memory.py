"""Row: the most memory that the ingest worker and its children take together for a master of 10 minutes at 24/96.

The worker is the one of a running appliance, and the master goes the way of any other: `segue import`. While that runs,
the proportional set sizes (PSS) of the worker and of all its descendants are added up a few times a second: a page that
several of them share is counted once, and no page of another process is.
"""

from __future__ import annotations

import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from loadtests.appliance import Appliance
from loadtests.bench.harness import Peak
from loadtests.bench.ladder import imported

RATE = 96_000
SECONDS = 600
LIMIT_MEGABYTES = 600
LOOK_EVERY_S = 0.2
WORKER = ("-m", "appliance", "ingest")


def memory_row(appliance: Appliance, folder: Path) -> Peak:
    """Write the master, import it and watch the worker meanwhile."""
    master = folder / "memory.wav"
    write_master(master)
    with watched(worker_of(appliance.home)) as sizes:
        imported(appliance, master)
    return Peak(
        name="memory for a master of 10 minutes, 24 bits, 96 kHz",
        label="ingest worker and its children, proportional set sizes",
        megabytes=max(sizes) / 1000,
        limit_megabytes=LIMIT_MEGABYTES,
    )


@contextmanager
def watched(pid: int) -> Iterator[list[int]]:
    """The kilobytes of a process and its descendants, again and again; the list grows until the block ends."""
    sizes: list[int] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(LOOK_EVERY_S):
            sizes.append(sum(pss_kilobytes(one) for one in (pid, *descendants(pid))))

    looker = threading.Thread(target=look)
    looker.start()
    try:
        yield sizes
    finally:
        over.set()
        looker.join()


def worker_of(home: Path) -> int:
    """The process of the ingest worker whose data lie in `home`. Raises LookupError."""
    for folder in Path("/proc").iterdir():
        with suppress(OSError):  # processes come and go, and some are not ours to look at
            arguments = tuple((folder / "cmdline").read_text().split("\0"))
            environment = (folder / "environ").read_bytes().split(b"\0")
            if arguments[-4:-1] == WORKER and f"SEGUE_HOME={home}".encode() in environment:
                return int(folder.name)
    raise LookupError(f"no ingest worker of {home}")


def descendants(pid: int) -> Iterator[int]:
    with suppress(OSError):
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in map(int, children.read_text().split()):
                yield child
                yield from descendants(child)


def pss_kilobytes(pid: int) -> int:
    """0 for a process that has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def write_master(path: Path) -> None:
    """Chords and noise, packed as 24 bits, a second at a time."""
    source = np.random.default_rng(1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(3)
        file.setframerate(RATE)
        for second in range(SECONDS):
            times = second + np.arange(RATE) / RATE
            chord = np.mean([np.sin(2 * np.pi * hz * times) for hz in (110.0, 220.5, 331.0, 1764.0)], axis=0)
            frames = 0.6 * chord[:, None] + 0.05 * source.normal(size=(RATE, 2))
            whole = np.rint(np.clip(frames, -1, 1) * (2**23 - 1)).astype("<i4")
            file.writeframes(whole.view(np.uint8).reshape(-1, 4)[:, :3].tobytes())
