"""Real recordings against FFmpeg: its ebur128 filter for loudness and true peak, its resampler for true peak again."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from ingest.loudness.meter import Meter
from ingest.loudness.truepeak import oversampling
from ingest.pcm import DEFAULT_POSITIONS
from tests.recordings import MUSIC, needs_music

RECORDINGS = sorted(path for path in MUSIC.glob("*") if path.is_file())
LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1(side)", 8: "7.1"}


def decoded(path: Path) -> tuple[Any, int, tuple[str, ...]]:
    """All frames as floats, filled up with silence to whole 100 ms, below which the filter says nothing."""
    with av.open(str(path)) as container:
        # Packed: PyAV's planar frames end at seven channels.
        packer = av.AudioResampler(format="flt")
        pieces = [piece for frame in container.decode(audio=0) for piece in packer.resample(frame)]
    channels, rate = pieces[0].layout.nb_channels, pieces[0].sample_rate
    frames = np.concatenate([piece.to_ndarray().reshape(-1, channels) for piece in pieces])
    missing = -len(frames) % (rate // 10)
    return np.pad(frames, ((0, missing), (0, 0))), rate, DEFAULT_POSITIONS[channels]


def framed(frames: Any, rate: int) -> av.AudioFrame:
    packed = np.ascontiguousarray(frames, dtype=np.float32).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=LAYOUTS[frames.shape[1]])
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    return frame


def by_filter(frames: Any, rate: int) -> dict[str, float]:
    """The last of what the filter says; its true peak is an amplitude with three decimals."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(
        format="flt", sample_rate=rate, layout=LAYOUTS[frames.shape[1]], time_base=Fraction(1, rate)
    )
    meter = graph.add("ebur128", "metadata=1:peak=true:dualmono=true:framelog=quiet")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    graph.push(framed(frames, rate))
    graph.push(None)
    last: dict[str, str] = {}
    while True:
        try:
            last = dict(graph.pull().metadata)
        except (av.BlockingIOError, av.EOFError):
            return {key.removeprefix("lavfi.r128."): float(value) for key, value in last.items()}


def by_resampler(frames: Any, rate: int) -> float:
    """The true peak in dB of what FFmpeg's resampler makes of the signal, with its steep filter."""
    factor = oversampling(rate)
    steep = {"filter_size": "64", "exact_rational": "1", "cutoff": "0.97", "kaiser_beta": "14"}
    resampler = av.AudioResampler(format="flt", rate=rate * factor, options=steep)
    pieces = [piece for frame in (framed(frames, rate), None) for piece in resampler.resample(frame)]
    return float(20 * np.log10(max(np.abs(piece.to_ndarray()).max() for piece in pieces)))


@needs_music
@pytest.mark.parametrize("path", RECORDINGS, ids=[path.name for path in RECORDINGS])
def test_reads_what_ffmpeg_reads(path: Path) -> None:
    frames, rate, positions = decoded(path)
    meter = Meter(rate, positions)
    meter.feed(frames)
    found = meter.finish()
    assert found.true_peak_dbtp == pytest.approx(by_resampler(frames, rate), abs=0.05)
    if len(positions) == 8:
        # The filter weighs the backs of 7.1 like the sides, where BS.1770-5 has them weigh 1.
        frames = frames * [1 if not name.startswith("B") else 1.41**-0.5 for name in positions]
    theirs = by_filter(frames, rate)
    peak = max(value for key, value in theirs.items() if key.startswith("true_peaks_ch"))
    assert found.integrated_lufs == pytest.approx(theirs["I"], abs=0.1)
    assert found.true_peak_dbtp == pytest.approx(20 * np.log10(peak), abs=0.2)
    if len(frames) >= 60 * rate:  # below, the range is not stable, and the filter begins it earlier
        assert found.loudness_range_lu == pytest.approx(theirs["LRA"], abs=0.1)
