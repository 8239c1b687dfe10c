"""Verification: a track file is decoded again, as a player would, before anybody may see it; runs in a child process.

- Every frame decodes, and together they hold priming, presentation and padding, to the sample.
- A lossless one gives the digest of the master; its loudness is the master's then, and is not measured again.
- A lossy one is measured without its priming and padding; what was found goes into the descriptor.

Not here: what to do about a peak above the ceiling (`ingest.loudness.normalisation`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from ingest import pcm
from ingest.errors import RenditionRejected
from ingest.loudness.meter import Meter, Reading
from ingest.tasks import Verify
from origin.asset import Codec


def run(task: Verify, moved: Callable[[float], None]) -> Reading:
    """Decode and compare. Raises RenditionRejected."""
    try:
        return _lossless(task, moved) if task.rung.codec is Codec.FLAC else _lossy(task, moved)
    except av.FFmpegError as error:
        raise RenditionRejected(task.rung.name, f"it does not decode ({error.strerror})") from error


def _lossless(task: Verify, moved: Callable[[float], None]) -> Reading:
    digest = hashlib.sha256()
    count = 0
    for samples in _decoded(task.track_path):
        digest.update(pcm.pack(samples, task.info.stored_bits))
        count += len(samples)
        moved(count / task.info.sample_count)
    _require_count(task, count)
    if digest.hexdigest() != task.pcm_sha256:
        raise RenditionRejected(task.rung.name, "its samples are not the master's")
    return task.master


def _lossy(task: Verify, moved: Callable[[float], None]) -> Reading:
    meter = Meter(task.info.sample_rate_hz, task.info.positions)
    rendered = task.rendered
    start, end = rendered.priming_samples, rendered.priming_samples + rendered.sample_count
    position = 0
    for samples in _decoded(task.track_path):
        heard = samples[max(0, start - position) : max(0, end - position)].astype(np.float64)
        if not np.isfinite(heard).all():
            raise RenditionRejected(task.rung.name, "it decodes to values that are not numbers")
        meter.feed(heard)
        position += len(samples)
        moved(min(1.0, position / end))
    _require_count(task, position)
    return meter.finish()


def _require_count(task: Verify, found: int) -> None:
    wanted = task.rendered.priming_samples + task.rendered.sample_count + task.rendered.padding_samples
    if found != wanted or task.rendered.sample_count != task.info.sample_count:
        raise RenditionRejected(task.rung.name, f"it holds {found} samples instead of {wanted}")


def _decoded(path: str) -> Iterator[npt.NDArray[Any]]:
    """All frames as (n, channels), priming included: the edit list is left aside."""
    options = {"format_whitelist": "mov", "protocol_whitelist": "file", "ignore_editlist": "1"}
    with av.open(path, format="mov", options=options) as container:
        stream = container.streams.audio[0]
        for frame in container.decode(stream):
            samples = frame.to_ndarray()
            yield samples.T if frame.format.is_planar else samples.reshape(frame.samples, -1)
