"""Analysing how a master sounds, in one pass over its scratch file; runs in a child process, beside the encoders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ingest import pcm
from ingest.features.analyser import Analyser
from ingest.features.record import Features
from ingest.jobs.scratch import read_portions
from ingest.tasks import Analyse


def run(task: Analyse, moved: Callable[[float], None]) -> Features:
    """Analyse to the end; the master has been measured, so its samples are numbers."""
    info = task.info
    analyser = Analyser(info.sample_rate_hz, info.positions)
    done = 0
    for portion in read_portions(Path(task.pcm_path), info):
        frames = pcm.to_floats(portion, info)
        analyser.feed(frames)
        done += len(frames)
        moved(done / info.sample_count)
    return analyser.finish(task.reading)
