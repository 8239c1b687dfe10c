"""Quality control: what an artist may want to mend in a master that is accepted all the same.

Everything is found in one pass over the samples. The work is done on blocks of a fixed length, whatever the portions
are in which the samples come, so every chunking of a master gives the identical warnings. The thresholds and what they
find in real recordings are in docs/decisions/0031-quality-control.md.

Not here: the counting (`ingest.quality.waveform`, `ingest.quality.bandwidth`), what only a decoder sees
(`ingest.stages.decode`), and silence throughout, which refuses the master.
"""

from __future__ import annotations

import math

import numpy as np

from ingest.contract import QualityCode, QualityWarning
from ingest.pcm import Floats, PcmInfo, SampleForm
from ingest.quality.bandwidth import EVERY_FRAMES, Spectrum
from ingest.quality.waveform import CLIPPED_RUN, Edges, FlatTops, Levels, Steps, Stereo

BLOCK_FRAMES = EVERY_FRAMES
DC_OFFSET = 0.005
"""-46 dBFS of constant offset costs headroom and clicks where a track starts; converters stay below -60."""
LEADING_SILENCE_S = 2.0
TRAILING_SILENCE_S = 5.0
"""Zeros before a track delay it, and a reverb's tail is no zeros; shorter gaps are how albums are spaced."""
DEAD_PEAK = 2.0**-14
"""Two steps of 16 bits: nothing, or the dither of a muted channel."""
ALIVE_PEAK = 0.01
"""Some other channel reaches -40 dBFS; else the whole recording is quiet, and no channel is dead."""
OUT_OF_PHASE = -0.5
"""Wide stereo stays above -0.2; one inverted cable gives nearly -1."""
SUBWOOFERS = frozenset({"LFE", "LFE2"})
"""Silent in most music, and rightly so."""


class Inspector:
    """Takes a master's samples in order, in portions of any length; then says what was found."""

    def __init__(self, info: PcmInfo, *, lossless_container: bool) -> None:
        self._info = info
        self._pending = np.empty((BLOCK_FRAMES, info.channels))
        self._filled = 0
        self._levels = Levels(info.channels)
        self._clipping = [FlatTops() for _ in info.positions]
        self._edges = Edges()
        self._steps = Steps(info.stored_bits) if lossless_container and _finer_than_stored(info) else None
        self._stereo = Stereo() if info.positions == ("FL", "FR") else None
        self._spectrum = Spectrum(info.sample_rate_hz) if lossless_container else None

    def feed(self, frames: Floats) -> None:
        """Take (frames, channels) with full scale at 1.0."""
        taken = 0
        while taken < len(frames):
            if self._filled == 0 and len(frames) - taken >= BLOCK_FRAMES:
                self._inspect(frames[taken : taken + BLOCK_FRAMES])
                taken += BLOCK_FRAMES
                continue
            piece = frames[taken : taken + BLOCK_FRAMES - self._filled]
            self._pending[self._filled : self._filled + len(piece)] = piece
            self._filled += len(piece)
            taken += len(piece)
            if self._filled == BLOCK_FRAMES:
                self._flush()

    def finish(self) -> tuple[QualityWarning, ...]:
        """Nothing is said about a master whose samples are all zero: it is refused as a whole."""
        self._flush()
        if not self._levels.peaks.any():
            return ()
        found = (
            self._over(),
            self._clipped(),
            self._depth(),
            self._offset(),
            self._leading(),
            self._trailing(),
            self._dead(),
            self._pair(),
            self._lossy(),
        )
        return tuple(warning for warning in found if warning is not None)

    def _flush(self) -> None:
        if self._filled:
            self._inspect(self._pending[: self._filled])
        self._filled = 0

    def _inspect(self, block: Floats) -> None:
        planes = np.ascontiguousarray(block.T)
        peaks = self._levels.feed(planes)
        self._edges.feed(planes)
        for plane, peak, flat_tops in zip(planes, peaks, self._clipping, strict=True):
            flat_tops.feed(plane, peak)
        if self._steps:
            self._steps.feed(planes)
        if self._stereo:
            self._stereo.feed(planes)
        if self._spectrum:
            self._spectrum.feed(planes)

    def _over(self) -> QualityWarning | None:
        if not self._goes_over:
            return None
        level_db = 20 * math.log10(self._levels.peaks.max())
        return _warning(
            QualityCode.OVER_FULL_SCALE,
            f"The audio goes up to {level_db:+.2f} dBFS. The lossless rendition ends at full scale and is clipped "
            "there; the others are turned down as a whole. "
            f"Turn the mix down by {math.ceil(10 * level_db) / 10:.1f} dB before you export it.",
        )

    @property
    def _goes_over(self) -> bool:
        return bool(self._levels.peaks.max() > 1)

    def _clipped(self) -> QualityWarning | None:
        tops = [flat_tops.finish() for flat_tops in self._clipping]
        count = sum(top.count for top in tops)
        if not count or self._goes_over:  # what goes on above full scale is round there
            return None
        longest = max(top.longest for top in tops)
        return _warning(
            QualityCode.CLIPPED,
            f"The audio is clipped in {_counted(count, 'place', 'places')}: {CLIPPED_RUN} or more samples in a row lie "
            f"at full scale, {longest} at most. Turn the mix down before you export it.",
        )

    def _depth(self) -> QualityWarning | None:
        if self._steps is None or self._steps.exact:
            return None
        return _warning(
            QualityCode.BIT_DEPTH_REDUCED,
            f"The samples have finer steps than the lossless rendition, which keeps {self._info.stored_bits} bits of "
            "each: more than any converter plays. Keep your own file as the master.",
        )

    def _offset(self) -> QualityWarning | None:
        offset = max(self._levels.offsets, key=abs)
        if abs(offset) < DC_OFFSET:
            return None
        return _warning(
            QualityCode.DC_OFFSET,
            f"The waveform is shifted off its centre by {100 * offset:+.1f} % of full scale. "
            "Remove the DC offset in your editor.",
        )

    def _leading(self) -> QualityWarning | None:
        seconds = self._edges.leading / self._info.sample_rate_hz
        if seconds < LEADING_SILENCE_S:
            return None
        return _warning(
            QualityCode.LEADING_SILENCE,
            f"The track begins with {seconds:.1f} s of digital silence. Cut it, unless it is meant.",
        )

    def _trailing(self) -> QualityWarning | None:
        seconds = self._edges.trailing / self._info.sample_rate_hz
        if seconds < TRAILING_SILENCE_S:
            return None
        return _warning(
            QualityCode.TRAILING_SILENCE,
            f"The track ends with {seconds:.1f} s of digital silence. Cut it, unless it is meant.",
        )

    def _dead(self) -> QualityWarning | None:
        peaks = self._levels.peaks
        dead = [
            name
            for name, peak in zip(self._info.positions, peaks, strict=True)
            if peak <= DEAD_PEAK and name not in SUBWOOFERS
        ]
        if not dead or peaks.max() < ALIVE_PEAK:
            return None
        return _warning(
            QualityCode.DEAD_CHANNEL,
            f"Of {self._info.channels} channels {_counted(len(dead), 'has', 'have')} nothing to hear "
            f"({', '.join(dead)}), while another reaches {20 * math.log10(peaks.max()):.1f} dBFS. "
            "Check the routing of your export.",
        )

    def _pair(self) -> QualityWarning | None:
        if self._stereo is None:
            return None
        if self._stereo.identical:
            return _warning(
                QualityCode.IDENTICAL_CHANNELS,
                "Left and right are the same to the last bit, so the track is mono. "
                "Check whether you meant to export it in stereo.",
            )
        correlation = self._stereo.correlation()
        if correlation is None or correlation > OUT_OF_PHASE:
            return None
        return _warning(
            QualityCode.OUT_OF_PHASE,
            f"Left and right are out of phase (correlation {correlation:.2f}): on a single loudspeaker they cancel "
            "each other out. Invert one of the channels, or check the cables.",
        )

    def _lossy(self) -> QualityWarning | None:
        cliff_hz = self._spectrum.cliff_hz() if self._spectrum else None
        if cliff_hz is None:
            return None
        return _warning(
            QualityCode.LOSSY_SOURCE,
            f"The sound ends abruptly at {cliff_hz / 1000:.1f} kHz, as it does after MP3 or AAC. If this was made from "
            "a compressed file, upload the original master in its place.",
        )


def _finer_than_stored(info: PcmInfo) -> bool:
    """Whether a sample of this form may hold more than is kept of it."""
    return info.form is SampleForm.F32 or info.stored_bits < 8 * info.form.byte_width


def _warning(code: QualityCode, detail: str) -> QualityWarning:
    return QualityWarning(code=code, detail=detail)


def _counted(count: int, one: str, more: str) -> str:
    return f"{count:,} {one if count == 1 else more}"
