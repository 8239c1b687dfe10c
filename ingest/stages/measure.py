"""Measuring a master, in one pass over its scratch file; runs in a child process, in portions.

The pass gives the digest of the stored master, its loudness and peaks, the course of its level, the warnings of quality
control, and the file of energies that the loudness of an album is made of (`ingest.loudness.album`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from ingest import pcm
from ingest.contract import FailureCode
from ingest.errors import MediaError
from ingest.jobs.scratch import read_portions
from ingest.loudness import album
from ingest.loudness.course import course
from ingest.loudness.meter import Meter
from ingest.loudness.truepeak import largest
from ingest.pcm import Floats
from ingest.quality.inspector import Inspector
from ingest.tasks import Measure, Measured

MAX_AMPLITUDE = 2.0**32
"""Floats that hold the values of 32-bit integers are somebody's mistake and can be turned down; more is no signal."""


def run(task: Measure, moved: Callable[[float], None]) -> Measured:
    """Measure to the end. Raises MediaError for samples that are no numbers, and for nothing but zeros."""
    info = task.info
    digest = hashlib.sha256()
    meter = Meter(info.sample_rate_hz, info.positions)
    inspector = Inspector(info, lossless_container=task.lossless_container)
    done = 0
    for portion in read_portions(Path(task.pcm_path), info):
        frames = pcm.to_floats(portion, info)
        _require_numbers(frames)
        digest.update(pcm.pack(pcm.to_integers(portion, info), info.stored_bits))
        meter.feed(frames)
        inspector.feed(frames)
        done += len(frames)
        moved(done / info.sample_count)
    master = meter.finish()
    if master.sample_peak_dbfs is None:
        raise MediaError(FailureCode.SILENT, "every sample is zero")
    Path(task.blocks_path).write_bytes(album.encode(meter.energies))
    return Measured(
        pcm_sha256=digest.hexdigest(),
        master=master,
        warnings=inspector.finish(),
        waveform=course(meter.energies),
    )


def _require_numbers(frames: Floats) -> None:
    # Also refuses what is not a number, which is not smaller than anything.
    if not largest(frames) < MAX_AMPLITUDE:
        raise MediaError(FailureCode.CORRUPT, "the audio holds values that are not numbers")
