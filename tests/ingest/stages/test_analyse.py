"""Analysing a scratch file."""

from pathlib import Path
from typing import Any

import numpy as np

from ingest.features.analyser import Analyser
from ingest.loudness.meter import Meter
from ingest.pcm import PcmInfo, SampleForm
from ingest.stages import analyse
from ingest.tasks import Analyse

RATE = 22_050


def test_scratch_file_is_analysed_as_its_samples_are(masters: Any, tmp_path: Path) -> None:
    samples = masters.music(8.0, RATE).astype("<f4")
    (tmp_path / "master.pcm").write_bytes(samples.tobytes())
    info = PcmInfo(
        sample_rate_hz=RATE,
        positions=("FL", "FR"),
        form=SampleForm.F32,
        stored_bits=24,
        sample_count=len(samples),
    )
    meter, analyser = Meter(RATE, info.positions), Analyser(RATE, info.positions)
    meter.feed(samples)
    analyser.feed(samples.astype(np.float64))
    reading = meter.finish()
    fractions: list[float] = []
    found = analyse.run(Analyse(pcm_path=str(tmp_path / "master.pcm"), info=info, reading=reading), fractions.append)
    assert found == analyser.finish(reading)
    assert found.tempo_bpm is not None  # the fixture's music has two beats a second
    assert abs(found.tempo_bpm - 120) < 1
    assert fractions[-1] == 1.0
