"""Measuring a scratch file: one pass for digest, meter, quality control and the energies of the album."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingest.contract import FailureCode, QualityCode
from ingest.errors import MediaError
from ingest.loudness import album
from ingest.loudness.course import course
from ingest.loudness.meter import Meter
from ingest.pcm import PcmInfo, SampleForm
from ingest.stages import measure
from ingest.tasks import Measure, Measured

RATE = 44_100


def measured(samples: Any, folder: Path, *, form: SampleForm = SampleForm.F32, bits: int = 24) -> Measured:
    path = folder / "master.pcm"
    path.write_bytes(samples.astype(form.dtype).tobytes())
    info = PcmInfo(sample_rate_hz=RATE, positions=("FL", "FR"), form=form, stored_bits=bits, sample_count=len(samples))
    task = Measure(pcm_path=str(path), info=info, lossless_container=True, blocks_path=str(folder / "loudness.blocks"))
    fractions: list[float] = []
    result = measure.run(task, fractions.append)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    return result


def test_master_is_measured_and_digested(masters: Any, tmp_path: Path) -> None:
    music = masters.music(6.0, RATE) * 0.5
    samples = np.rint(music * 32767).astype(np.int16)
    found = measured(samples, tmp_path, form=SampleForm.S16, bits=16)
    meter = Meter(RATE, ("FL", "FR"))
    meter.feed(samples / 32768)
    assert found.master == meter.finish()
    assert found.pcm_sha256 == hashlib.sha256(samples.tobytes()).hexdigest()
    assert found.warnings == ()


def test_energies_of_the_album_are_written(masters: Any, tmp_path: Path) -> None:
    found = measured(masters.music(6.0, RATE) * 0.5, tmp_path)
    energies = album.decode((tmp_path / "loudness.blocks").read_bytes())
    assert len(energies) == 60
    assert found.waveform == course(energies)
    assert album.album([album.Part(reading=found.master, energies=energies)]) == found.master


def test_findings_of_quality_control_are_told(masters: Any, tmp_path: Path) -> None:
    clipped = np.clip(masters.tone(2.0, RATE, dbfs=12.0), -1.0, 1.0)
    found = measured(clipped, tmp_path)
    assert [warning.code for warning in found.warnings] == [
        QualityCode.CLIPPED,
        QualityCode.BIT_DEPTH_REDUCED,
        QualityCode.IDENTICAL_CHANNELS,
    ]


def test_bits_that_the_file_said_were_unused_are_told_when_they_are_not(masters: Any, tmp_path: Path) -> None:
    """24 bits in 32, of which the lower eight should be zeros."""
    samples = np.rint(masters.music(1.0, RATE) * 0.5 * 2**23).astype(np.int32) << 8
    assert measured(samples, tmp_path, form=SampleForm.S32).warnings == ()
    samples[1000, 1] += 1
    (warning,) = measured(samples, tmp_path, form=SampleForm.S32).warnings
    assert warning.code is QualityCode.BIT_DEPTH_REDUCED


def test_nothing_but_zeros_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError) as caught:
        measured(np.zeros((RATE, 2)), tmp_path)
    assert caught.value.failure is FailureCode.SILENT
    assert not (tmp_path / "loudness.blocks").exists()


def test_one_sample_that_is_not_zero_is_heard(tmp_path: Path) -> None:
    samples = np.zeros((RATE, 2), dtype=np.int16)
    samples[-1, 1] = 1
    assert measured(samples, tmp_path, form=SampleForm.S16, bits=16).master.integrated_lufs is None


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_values_that_no_signal_has_are_refused(masters: Any, tmp_path: Path, value: float) -> None:
    music = masters.music(1.0, RATE)
    music[1000, 1] = value
    with pytest.raises(MediaError) as caught:
        measured(music, tmp_path)
    assert caught.value.failure is FailureCode.CORRUPT


def test_floats_with_the_values_of_integers_are_measured(masters: Any, tmp_path: Path) -> None:
    found = measured(masters.music(2.0, RATE) * 2.0**31, tmp_path)
    assert found.master.true_peak_dbtp == pytest.approx(182, abs=1)


def test_digest_is_of_the_stored_master(masters: Any, tmp_path: Path) -> None:
    """Floats are stored as 24 bits."""
    music = (masters.music(1.0, RATE) * 0.5).astype(np.float32)
    whole = np.rint(music.astype(np.float64) * 2**23).astype("<i4")
    packed = whole.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    assert measured(music, tmp_path).pcm_sha256 == hashlib.sha256(packed).hexdigest()
