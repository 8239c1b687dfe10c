"""Scratch files made on the spot, and the stages that turn them into renditions, one after the other."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from config.settings import LADDER
from ingest.loudness.meter import Meter
from ingest.pcm import DEFAULT_POSITIONS, PcmInfo, SampleForm, to_floats
from ingest.progressive.labels import Labels
from ingest.renditions import derivation, ladder
from ingest.renditions.ladder import Rung
from ingest.stages import derive, measure, render, verify
from ingest.tasks import Derive, Measure, Render, Rendered, Source, Verified, Verify

RUNGS = {rung.name: rung for rung in ladder.parse(LADDER.read_text("utf-8"))}
FULL = {SampleForm.S16: 2**15 - 1, SampleForm.S32: 2**31 - 1}


def ignore(_fraction: float) -> None:
    pass


class Workbench:
    """One master in a folder of its own."""

    def __init__(self, folder: Path, frames: Any, rate: int, form: SampleForm, bits: int) -> None:
        self.folder = folder
        self.frames = frames
        if form is SampleForm.F32:
            samples = frames.astype("<f4")
        else:
            unused = form.byte_width * 8 - bits
            samples = np.rint(frames * (FULL[form] >> unused)).astype(form.dtype) << unused
        path = folder / "master.pcm"
        path.write_bytes(samples.astype(form.dtype).tobytes())
        self.info = PcmInfo(
            sample_rate_hz=rate,
            positions=DEFAULT_POSITIONS[frames.shape[1]],
            form=form,
            stored_bits=24 if form is SampleForm.F32 else max(16, -(-bits // 8) * 8),
            sample_count=len(frames),
        )
        task = Measure(
            pcm_path=str(path), info=self.info, lossless_container=True, blocks_path=str(folder / "loudness.blocks")
        )
        self.measured = measure.run(task, ignore)
        self.master = Source(pcm_path=str(path), info=self.info, reading=self.measured.master)

    def derived(self, *targets: PcmInfo) -> tuple[Source, ...]:
        task = Derive(pcm_path=self.master.pcm_path, info=self.info, targets=targets, folder=str(self.folder))
        return derive.run(task, ignore).sources

    def source(self, rung: Rung) -> Source:
        info = derivation.source_info(rung.codec, self.info)
        return self.master if info == self.info else self.derived(info)[0]

    def render(self, name: str, *, source: Source | None = None, gain_db: float = 0.0) -> Rendered:
        rung = RUNGS[name]
        source = source or self.source(rung)
        task = Render(
            rung=rung,
            pcm_path=source.pcm_path,
            info=source.info,
            gain_db=gain_db,
            aac_coder="twoloop",
            labels=Labels(title="Title", artist="Artist", album="Album", isrc="QZES71982312"),
            folder=str(self.folder),
        )
        return render.run(task, ignore)

    def verify(self, name: str, rendered: Rendered) -> Verified:
        rung = RUNGS[name]
        task = Verify(rung=rung, source=self.source(rung), rendered=rendered, pcm_sha256=self.measured.pcm_sha256)
        return verify.run(task, ignore)

    def samples(self, source: Source) -> Any:
        return to_floats(Path(source.pcm_path).read_bytes(), source.info)

    @staticmethod
    def reading(frames: Any, rate: int) -> Any:
        meter = Meter(rate, DEFAULT_POSITIONS[frames.shape[1]])
        meter.feed(frames)
        return meter.finish()


@pytest.fixture
def workbench(tmp_path: Path) -> Callable[..., Workbench]:
    def made(frames: Any, rate: int = 48_000, *, form: SampleForm = SampleForm.S16, bits: int = 16) -> Workbench:
        return Workbench(tmp_path, frames, rate, form, bits)

    return made
