"""Deriving what lossy renditions are made of: mixed down and resampled once for each rate; runs in a child process.

The master is read once, in portions, for all of the targets. Each becomes a file of floats, so that nothing clips, and
is measured: the gain of its renditions follows from what they are made of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import av
import numpy as np
import numpy.typing as npt

from ingest import pcm
from ingest.jobs.scratch import read_portions
from ingest.loudness.meter import Meter
from ingest.pcm import Floats, PcmInfo
from ingest.renditions import derivation
from ingest.tasks import Derive, Derived, Source


def run(task: Derive, moved: Callable[[float], None]) -> Derived:
    """Derive every target; its file holds exactly the promised number of samples."""
    with ExitStack() as stack:
        derivations = []
        for info in task.targets:
            path = Path(task.folder) / f"{info.sample_rate_hz}.pcm"
            derivations.append(_Derivation(task.info, info, path, stack.enter_context(path.open("wb"))))
        done = 0
        for portion in read_portions(Path(task.pcm_path), task.info):
            frames = pcm.to_floats(portion, task.info)
            for one in derivations:
                one.feed(frames)
            done += len(frames)
            moved(done / task.info.sample_count)
        return Derived(sources=tuple(one.finish() for one in derivations))


class _Derivation:
    """One target: mixes down, resamples, measures and writes."""

    def __init__(self, source: PcmInfo, info: PcmInfo, path: Path, target: IO[bytes]) -> None:
        self._matrix = derivation.downmix_matrix(source.positions) if source.channels > 2 else None
        self._resampler = _Resampler(source, info) if source.sample_rate_hz != info.sample_rate_hz else None
        self._meter = Meter(info.sample_rate_hz, info.positions)
        self._info = info
        self._path = path
        self._target = target
        self._left = info.sample_count

    def feed(self, frames: Floats) -> None:
        mixed = frames if self._matrix is None else frames @ self._matrix
        for piece in self._resampler.feed(mixed) if self._resampler else [mixed]:
            self._write(piece)

    def finish(self) -> Source:
        for piece in self._resampler.finish() if self._resampler else []:
            self._write(piece)
        # The resampler's own rounding may leave it a sample short, and never leads to one more.
        self._write(np.zeros((self._left, self._info.channels)))
        return Source(pcm_path=str(self._path), info=self._info, reading=self._meter.finish())

    def _write(self, frames: npt.NDArray[Any]) -> None:
        written = frames.astype("<f4")
        self._left -= len(written)
        self._meter.feed(written.astype(np.float64))
        self._target.write(written.tobytes())


class _Resampler:
    """swresample with the options of `derivation.RESAMPLER`; it compensates its own delay."""

    def __init__(self, source: PcmInfo, info: PcmInfo) -> None:
        self._layout = "mono" if info.channels == 1 else "stereo"
        self._rate = source.sample_rate_hz
        self._inner = av.AudioResampler(
            format="fltp", layout=self._layout, rate=info.sample_rate_hz, options=derivation.RESAMPLER
        )
        self._next = 0

    def feed(self, frames: Floats) -> Iterator[npt.NDArray[Any]]:
        planes = np.ascontiguousarray(frames.T, dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout=self._layout)
        frame.sample_rate, frame.time_base, frame.pts = self._rate, Fraction(1, self._rate), self._next
        self._next += len(frames)
        yield from (piece.to_ndarray().T for piece in self._inner.resample(frame))

    def finish(self) -> Iterator[npt.NDArray[Any]]:
        yield from (piece.to_ndarray().T for piece in self._inner.resample(None))
