"""Row: loudness and true peak of one file, beside FFmpeg's ebur128 filter on the same file.

Each sample is a process of its own on one core, that reads a WAV file of three minutes: loud music with drums, of which
the true peak leaves out little. FFmpeg is timed from its start to its end, as one runs it for every track; the meter
without its imports (0.1 s), since the child of a worker pays for them once. Without `ffmpeg` on the PATH the same
filter is taken from PyAV, and timed likewise.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from appliance.environment import environment
from loadtests.bench import music
from loadtests.bench.harness import Pace, Row, Samples

SECONDS = 180
PROMISE = Pace(times=2.0)


def loudness_row(folder: Path, rounds: int) -> Row:
    """Write the file and take the samples of both in turns."""
    path = folder / "loudness.wav"
    write_music(path)
    label, baseline = baseline_of(path)
    pairs = [(told("ours", path), baseline()) for _ in range(rounds)]
    return Row(
        name="loudness and true peak of 3 minutes, one core",
        ours=Samples(label="the ingest's meter, in a child that runs", seconds=tuple(one for one, _ in pairs)),
        baseline=Samples(label=label, seconds=tuple(other for _, other in pairs)),
        goal=PROMISE,
    )


def baseline_of(path: Path) -> tuple[str, Callable[[], float]]:
    """What one would run instead: its name, and how to time it."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        return "ebur128=peak=true through PyAV (no ffmpeg on the PATH)", lambda: told("filter", path)
    command = [ffmpeg, "-hide_banner", "-nostats", "-nostdin", "-i", str(path)]
    filtering = ["-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-"]
    return "ffmpeg -af ebur128=peak=true", lambda: timed([*command, *filtering])


def told(way: str, path: Path) -> float:
    """The seconds that the measuring program says it took."""
    with one_core():
        run = _run([sys.executable, "-m", "loadtests.bench.meter_file", way, str(path)])
    return float(run.split()[0])


def timed(command: Sequence[str]) -> float:
    """The seconds that a command takes from its start to its end."""
    with one_core():
        began = time.perf_counter()
        _run(command)
        return time.perf_counter() - began


def _run(command: Sequence[str]) -> str:
    # numpy's linear algebra starts a thread a core by itself; the children of a worker are told not to, too.
    variables = {**environment(), "OPENBLAS_NUM_THREADS": "1"}
    run = subprocess.run(  # noqa: S603 -- our own program, or the ffmpeg that the PATH names
        command, check=True, capture_output=True, env=variables
    )
    return run.stdout.decode()


@contextmanager
def one_core() -> Iterator[None]:
    """What is started inside runs on one core; it inherits it from this process."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def write_music(path: Path) -> None:
    """Chords over a beat, a little wide, close to full scale."""
    source = np.random.default_rng(1)
    music.write(path, (_second_of_music(second, source) for second in range(SECONDS)))


def _second_of_music(second: int, source: np.random.Generator) -> music.Floats:
    times = music.seconds_of(second)
    beat = music.beat(times)[:, None]
    drums = source.normal(size=(music.RATE, 2)) * 0.2 * beat
    return 0.9 * music.chord(times)[:, None] * (0.5 + 0.5 * beat) + drums
