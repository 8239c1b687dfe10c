"""Measuring a master, and deriving what its lossy renditions are made of; runs in a child process, in portions.

A master of one or two channels at 44.1 or 48 kHz is used as it is. Any other is mixed down and resampled once, for all
lossy renditions, into a file of floats, and that is measured too: their gain follows from what they are made of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import av
import msgspec
import numpy as np
import numpy.typing as npt

from ingest import ladder, pcm
from ingest.contract import FailureCode
from ingest.errors import MediaError
from ingest.loudness.meter import Meter, Reading
from ingest.pcm import Floats, PcmInfo, SampleForm
from ingest.scratch import read_portions
from ingest.tasks import Measure, Measured


def run(task: Measure, moved: Callable[[float], None]) -> Measured:
    """Measure to the end. Raises MediaError for samples that are no numbers."""
    info = task.info
    derived = _derived_info(info)
    digest = hashlib.sha256()
    meter = Meter(info.sample_rate_hz, info.positions)
    with Path(task.lossy_path).open("wb") as target:
        derivation = _Derivation(info, derived, target) if derived != info else None
        done = 0
        for portion in read_portions(Path(task.pcm_path), info):
            frames = pcm.to_floats(portion, info)
            if not np.isfinite(frames).all():
                raise MediaError(FailureCode.CORRUPT, "the audio holds values that are not numbers")
            digest.update(pcm.pack(pcm.to_integers(portion, info), info.stored_bits))
            meter.feed(frames)
            if derivation:
                derivation.feed(frames)
            done += len(frames)
            moved(done / info.sample_count)
        lossy = derivation.finish() if derivation else None
    master = meter.finish()
    return Measured(
        pcm_sha256=digest.hexdigest(),
        master=master,
        lossy_path=task.lossy_path if derivation else task.pcm_path,
        lossy_info=derived,
        lossy=lossy or master,
    )


def _derived_info(info: PcmInfo) -> PcmInfo:
    """What the lossy renditions of a master are made of; the same record when it is the master itself."""
    rate, positions = ladder.lossy_rate_hz(info.sample_rate_hz), ladder.lossy_positions(info.positions)
    if rate == info.sample_rate_hz and len(positions) == info.channels:
        return info
    return msgspec.structs.replace(
        info,
        sample_rate_hz=rate,
        positions=positions,
        form=SampleForm.F32,
        sample_count=ladder.lossy_sample_count(info.sample_count, info.sample_rate_hz),
    )


class _Derivation:
    """Mixes down, resamples, measures and writes; its file holds exactly the promised number of samples."""

    def __init__(self, source: PcmInfo, derived: PcmInfo, target: IO[bytes]) -> None:
        self._matrix = ladder.downmix_matrix(source.positions) if source.channels > 2 else None
        self._resampler = _Resampler(source, derived) if source.sample_rate_hz != derived.sample_rate_hz else None
        self._meter = Meter(derived.sample_rate_hz, derived.positions)
        self._target = target
        self._left = derived.sample_count
        self._channels = derived.channels

    def feed(self, frames: Floats) -> None:
        mixed = frames if self._matrix is None else frames @ self._matrix
        for piece in self._resampler.feed(mixed) if self._resampler else [mixed]:
            self._write(piece)

    def finish(self) -> Reading:
        for piece in self._resampler.finish() if self._resampler else []:
            self._write(piece)
        # The resampler's own rounding may leave it a sample short.
        self._write(np.zeros((self._left, self._channels)))
        return self._meter.finish()

    def _write(self, frames: npt.NDArray[Any]) -> None:
        exact = frames[: self._left].astype("<f4")
        self._left -= len(exact)
        self._meter.feed(exact.astype(np.float64))
        self._target.write(exact.tobytes())


class _Resampler:
    """swresample with the options of `ladder.RESAMPLER`; it compensates its own delay."""

    def __init__(self, source: PcmInfo, derived: PcmInfo) -> None:
        self._layout = "mono" if derived.channels == 1 else "stereo"
        self._rate = source.sample_rate_hz
        self._inner = av.AudioResampler(
            format="fltp", layout=self._layout, rate=derived.sample_rate_hz, options=ladder.RESAMPLER
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
