"""Verification: the files of an encoding are decoded again, before anybody may see them; runs in a child process.

- Every frame decodes, to finite values, and together they hold what was promised, to the sample: a track file with its
  priming and padding, which manifests tell, a whole file without them, as a player hears it.
- A lossless encoding gives the digest of the master; its loudness is the master's then, and is not measured again.
- A lossy one is measured once; a second file of the same encoding has to decode to the same samples.

Not here: what to do about a peak above the ceiling (`ingest.loudness.normalisation`), how far the loudness and the
bandwidth may deviate (`ingest.renditions.deviation`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from ingest import pcm
from ingest.errors import RenditionRejected
from ingest.loudness.meter import Meter, Reading
from ingest.progressive import read
from ingest.renditions.ladder import File
from ingest.tasks import Packaged, Verified, Verify

Samples = npt.NDArray[Any]


def run(task: Verify, moved: Callable[[float], None]) -> Verified:
    """Decode and compare. Raises RenditionRejected."""
    if task.rendered.sample_count != task.source.info.sample_count:
        raise RenditionRejected(task.rung.name, f"{task.rendered.sample_count} samples were encoded")
    try:
        return Verified(reading=_lossless(task, moved) if task.rung.lossless else _lossy(task, moved))
    except av.FFmpegError as error:
        raise RenditionRejected(task.rung.name, f"it does not decode ({error.strerror})") from error
    except ValueError as error:  # what `read.decoded` finds wrong with a file's structure
        raise RenditionRejected(task.rung.name, str(error)) from error


def _lossless(task: Verify, moved: Callable[[float], None]) -> Reading:
    for file in task.rendered.files:
        digest = hashlib.sha256()
        for samples in _heard(task, file, moved):
            digest.update(pcm.pack(samples, task.source.info.stored_bits))
        if digest.hexdigest() != task.pcm_sha256:
            raise RenditionRejected(task.rung.name, f"the samples of its {file.file.value} file are not the master's")
    return task.source.reading


def _lossy(task: Verify, moved: Callable[[float], None]) -> Reading:
    first, *others = task.rendered.files
    meter = Meter(task.source.info.sample_rate_hz, task.source.info.positions)
    wanted = hashlib.sha256()
    for samples in _heard(task, first, moved):
        floats = samples.astype(np.float64)
        if not np.isfinite(floats).all():
            raise RenditionRejected(task.rung.name, "it decodes to values that are not numbers")
        meter.feed(floats)
        if others:
            wanted.update(np.ascontiguousarray(samples).data)
    for file in others:
        digest = hashlib.sha256()
        for samples in _heard(task, file, moved):
            digest.update(np.ascontiguousarray(samples).data)
        if digest.digest() != wanted.digest():
            raise RenditionRejected(task.rung.name, f"its {file.file.value} file sounds different")
    return meter.finish()


def _heard(task: Verify, file: Packaged, moved: Callable[[float], None]) -> Iterator[Samples]:
    """The samples of a file as (n, channels), without priming and padding. Raises RenditionRejected for their count."""
    count, wanted = 0, task.rendered.sample_count
    for samples in _within_track(task, file) if file.file is File.CMAF else read.decoded(Path(file.path), file.file):
        count += len(samples)
        yield samples
        moved(min(1.0, count / wanted))
    if count != wanted:
        raise RenditionRejected(task.rung.name, f"its {file.file.value} file gives {count} samples instead of {wanted}")


def _within_track(task: Verify, file: Packaged) -> Iterator[Samples]:
    """What is heard of a track file by the figures that manifests have; raises when they are not true of the file."""
    rendered = task.rendered
    start, end = rendered.priming_samples, rendered.priming_samples + rendered.sample_count
    held = end + rendered.padding_samples
    position = 0
    for samples in _frames(file.path):
        yield samples[max(0, start - position) : max(0, end - position)]
        position += len(samples)
    if position != held:
        raise RenditionRejected(task.rung.name, f"its track file holds {position} samples instead of {held}")


def _frames(path: str) -> Iterator[Samples]:
    """All frames as (n, channels), priming included: neither the edit list nor a decoder's own rule cuts anything."""
    options = {"format_whitelist": "mov", "protocol_whitelist": "file", "ignore_editlist": "1"}
    with av.open(path, format="mov", options=options) as container:
        stream = container.streams.audio[0]
        stream.codec_context.options = {"flags2": "skip_manual"}  # Opus would leave out what `dOps` calls pre-skip
        for frame in container.decode(stream):
            samples = frame.to_ndarray()
            yield samples.T if frame.format.is_planar else samples.reshape(frame.samples, -1)
