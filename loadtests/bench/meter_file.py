"""`python -m loadtests.bench.meter_file ours|filter FILE`: measures one WAV file of 16-bit stereo.

Prints the seconds that it took, imports aside, and what was read. `ours` is the meter of the ingest; `filter` is
FFmpeg's ebur128 as PyAV bundles it, for machines without `ffmpeg`.
"""

from __future__ import annotations

import sys
import time
import wave
from contextlib import suppress

import av
import numpy as np

from ingest.loudness.meter import Meter

FRAMES_AT_ONCE = 1 << 16


def ours(path: str) -> str:
    with wave.open(path) as file:
        meter = Meter(file.getframerate(), ("FL", "FR"))
        while portion := file.readframes(FRAMES_AT_ONCE):
            meter.feed(np.frombuffer(portion, dtype="<i2").reshape(-1, 2) * 2.0**-15)
    return str(meter.finish())


def filtered(path: str) -> str:
    last: dict[str, str] = {}
    with av.open(path) as container:
        stream = container.streams.audio[0]
        graph = av.filter.Graph()
        source = graph.add_abuffer(template=stream)
        meter = graph.add("ebur128", "peak=true:metadata=1:framelog=quiet")
        sink = graph.add("abuffersink")
        source.link_to(meter)
        meter.link_to(sink)
        graph.configure()
        for frame in (*container.decode(stream), None):
            graph.push(frame)
            with suppress(av.BlockingIOError, av.EOFError):
                while True:
                    last = graph.pull().metadata
    return str(last)


if __name__ == "__main__":
    way, file_name = sys.argv[1:]
    began = time.perf_counter()
    reading = {"ours": ours, "filter": filtered}[way](file_name)
    print(time.perf_counter() - began, reading)  # noqa: T201 -- what it is run for
