"""Measure, render and verify, one after the other, on files as the pipeline lays them."""

import hashlib
import io
import wave
from pathlib import Path
from typing import Any

import av
import msgspec
import numpy as np
import pytest

from ingest.cmaf.boxes import walk
from ingest.contract import FailureCode
from ingest.errors import MediaError, RenditionRejected
from ingest.ladder import LADDER, Rung
from ingest.pcm import PcmInfo, SampleForm
from ingest.sniff import sniff
from ingest.stages import decode, measure, render, verify
from ingest.tasks import Decode, Measure, Measured, Render, Rendered, Verify

RUNGS = {rung.name: rung for rung in LADDER}


def ignore(_fraction: float) -> None:
    pass


def measured(data: bytes, folder: Path) -> tuple[PcmInfo, Measured]:
    (folder / "upload").write_bytes(data)
    pcm = str(folder / "master.pcm")
    info = decode.run(Decode(path=str(folder / "upload"), header=sniff(data), pcm_path=pcm), ignore)
    return info, measure.run(Measure(pcm_path=pcm, info=info, lossy_path=str(folder / "lossy.pcm")), ignore)


def rendered(rung: Rung, info: PcmInfo, pcm_path: str, folder: Path, *, gain_db: float = 0.0) -> tuple[Rendered, Path]:
    path = folder / f"{rung.name}.mp4"
    task = Render(rung=rung, pcm_path=pcm_path, info=info, gain_db=gain_db, aac_coder="twoloop", track_path=str(path))
    return render.run(task, ignore), path


def verification(rung: Rung, info: PcmInfo, result: Rendered, path: Path, figures: Measured) -> Verify:
    return Verify(
        rung=rung,
        track_path=str(path),
        info=info,
        rendered=result,
        pcm_sha256=figures.pcm_sha256,
        master=figures.master,
    )


@pytest.mark.parametrize("bits", [16, 24])
def test_digest_is_of_the_samples_as_a_wav_file_holds_them(masters: Any, tmp_path: Path, bits: int) -> None:
    data = masters.wav(masters.music(0.5), bits=bits)
    with wave.open(io.BytesIO(data)) as file:
        expected = hashlib.sha256(file.readframes(file.getnframes())).hexdigest()
    assert measured(data, tmp_path)[1].pcm_sha256 == expected


def test_stereo_at_44_1_and_48_khz_is_used_as_it_is(masters: Any, tmp_path: Path) -> None:
    info, figures = measured(masters.wav(masters.music(1.0)), tmp_path)
    assert (figures.lossy_info, figures.lossy) == (info, figures.master)
    assert figures.lossy_path == str(tmp_path / "master.pcm")


@pytest.mark.parametrize(
    ("rate", "channels", "expected"),
    [
        pytest.param(96_000, 2, (48_000, ("FL", "FR"), 48_001), id="96 kHz"),
        pytest.param(88_200, 2, (44_100, ("FL", "FR"), 44_101), id="88.2 kHz"),
        pytest.param(22_050, 1, (44_100, ("FC",), 44_102), id="22.05 kHz mono"),
        pytest.param(48_000, 6, (48_000, ("FL", "FR"), 48_001), id="5.1"),
    ],
)
def test_other_masters_are_derived_once(
    masters: Any, tmp_path: Path, rate: int, channels: int, expected: tuple[int, tuple[str, ...], int]
) -> None:
    _, figures = measured(masters.wav(masters.tone(1.0 + 1 / rate, rate, channels=channels), rate), tmp_path)
    found = figures.lossy_info
    assert (found.sample_rate_hz, found.positions, found.sample_count) == expected
    assert found.form is SampleForm.F32
    assert Path(figures.lossy_path).stat().st_size == found.sample_count * found.frame_bytes


def test_resampling_keeps_time_and_level(masters: Any, tmp_path: Path) -> None:
    frames = masters.tone(2.0, 96_000)
    frames[:96_000] = 0
    frames[96_000:96_100] = 0.9
    _, figures = measured(masters.wav(frames, 96_000), tmp_path)
    derived = np.fromfile(figures.lossy_path, "<f4").reshape(-1, 2)
    assert abs(int(np.argmax(np.abs(derived[:, 0]) > 0.45)) - 48_000) <= 1
    assert figures.lossy.integrated_lufs == pytest.approx(figures.master.integrated_lufs, abs=0.1)


def test_downmix_is_measured_for_itself(masters: Any, tmp_path: Path) -> None:
    centre_only = masters.tone(2.0, channels=6) * np.array([0, 0, 1, 0, 0, 0])
    _, figures = measured(masters.wav(centre_only), tmp_path)
    # Two channels at -3 dB are as loud as the one they come from.
    assert figures.lossy.integrated_lufs == pytest.approx(figures.master.integrated_lufs, abs=0.05)
    assert figures.lossy.true_peak_dbtp == pytest.approx(figures.master.true_peak_dbtp - 3.01, abs=0.05)


def test_not_a_number_is_corrupt(masters: Any, tmp_path: Path) -> None:
    frames = masters.tone(0.5)
    frames[77] = np.nan
    with pytest.raises(MediaError) as caught:
        measured(masters.sndfile(frames, 48_000, container="WAV", subtype="FLOAT"), tmp_path)
    assert caught.value.failure is FailureCode.CORRUPT


@pytest.mark.parametrize("name", RUNGS)
def test_track_file_is_what_its_figures_say(masters: Any, tmp_path: Path, name: str) -> None:
    info, figures = measured(masters.wav(masters.music(7.3, 44_100), 44_100), tmp_path)
    result, path = rendered(RUNGS[name], info, figures.lossy_path, tmp_path)
    data = path.read_bytes()
    assert result.sha256 == hashlib.sha256(data).hexdigest()
    assert result.header_byte_length + sum(part.byte_length for part in result.segments) == len(data)
    starts = [box.start for box in walk(data) if box.path == "moof"]
    lengths = [part.byte_length for part in result.segments]
    assert starts == [result.header_byte_length + sum(lengths[:index]) for index in range(len(lengths))]
    ticks = sum(part.duration_ticks for part in result.segments)
    assert ticks == result.priming_samples + result.sample_count + result.padding_samples
    assert result.average_bandwidth_bps <= result.peak_bandwidth_bps


def test_renditions_of_a_codec_are_cut_at_the_same_frames(masters: Any, tmp_path: Path) -> None:
    info, figures = measured(masters.wav(masters.music(10.0)), tmp_path)
    cuts = {
        tuple(part.duration_ticks for part in rendered(rung, info, figures.lossy_path, tmp_path)[0].segments)
        for name, rung in RUNGS.items()
        if name != "flac"
    }
    assert cuts == {(47 * 1024, 188 * 1024, 188 * 1024, 47 * 1024)}


@pytest.mark.parametrize("samples", [4_800, 4_801, 47_103, 47_104, 47_105, 48_128])
def test_padding_fills_the_last_aac_frame(masters: Any, tmp_path: Path, samples: int) -> None:
    info, figures = measured(masters.wav(masters.tone(2.0)[:samples]), tmp_path)
    result, path = rendered(RUNGS["aac-96"], info, figures.lossy_path, tmp_path)
    assert (result.priming_samples, result.padding_samples) == (1024, -(1024 + samples) % 1024)
    verify.run(verification(RUNGS["aac-96"], info, result, path, figures), ignore)


def test_gain_is_carried_by_a_lossy_rendition(masters: Any, tmp_path: Path) -> None:
    info, figures = measured(masters.wav(masters.music(4.0)), tmp_path)
    result, path = rendered(RUNGS["aac-320"], info, figures.lossy_path, tmp_path, gain_db=-7.5)
    reading = verify.run(verification(RUNGS["aac-320"], info, result, path, figures), ignore)
    assert reading.integrated_lufs == pytest.approx(figures.master.integrated_lufs - 7.5, abs=0.1)
    assert reading.true_peak_dbtp == pytest.approx(figures.master.true_peak_dbtp - 7.5, abs=0.5)


def test_lossy_rendition_is_aligned_with_its_master(masters: Any, tmp_path: Path) -> None:
    frames = masters.music(2.0)
    info, figures = measured(masters.wav(frames), tmp_path)
    _, path = rendered(RUNGS["aac-320"], info, figures.lossy_path, tmp_path)
    with av.open(str(path)) as container:
        heard = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)[0]
    lags = range(-3, 4)
    matches = [np.corrcoef(heard[100 + lag : 90_100 + lag], frames[100:90_100, 0])[0, 1] for lag in lags]
    assert lags[int(np.argmax(matches))] == 0


@pytest.mark.parametrize(
    ("container", "subtype", "shape"),
    [
        pytest.param("WAV", "PCM_U8", (2, 44_100), id="8-bit"),
        pytest.param("WAV", "PCM_24", (2, 96_000), id="24-bit 96 kHz"),
        pytest.param("WAV", "PCM_32", (2, 48_000), id="32-bit"),
        pytest.param("WAV", "FLOAT", (2, 48_000), id="float"),
        pytest.param("FLAC", "PCM_16", (6, 44_100), id="5.1"),
        pytest.param("FLAC", "PCM_24", (1, 22_050), id="mono 22.05 kHz"),
        pytest.param("OGG", "VORBIS", (2, 44_100), id="Vorbis"),
    ],
)
def test_flac_rendition_is_the_stored_master(
    masters: Any, tmp_path: Path, container: str, subtype: str, shape: tuple[int, int]
) -> None:
    channels, rate = shape
    data = masters.sndfile(masters.music(1.3, rate, channels=channels), rate, container=container, subtype=subtype)
    info, figures = measured(data, tmp_path)
    result, path = rendered(RUNGS["flac"], info, str(tmp_path / "master.pcm"), tmp_path)
    assert verify.run(verification(RUNGS["flac"], info, result, path, figures), ignore) == figures.master


def test_one_changed_sample_is_found(masters: Any, tmp_path: Path) -> None:
    info, figures = measured(masters.wav(masters.music(1.0)), tmp_path)
    pcm = bytearray((tmp_path / "master.pcm").read_bytes())
    pcm[1000] ^= 1
    (tmp_path / "changed.pcm").write_bytes(pcm)
    result, path = rendered(RUNGS["flac"], info, str(tmp_path / "changed.pcm"), tmp_path)
    with pytest.raises(RenditionRejected, match="not the master's"):
        verify.run(verification(RUNGS["flac"], info, result, path, figures), ignore)


@pytest.mark.parametrize("name", ["flac", "aac-96"])
def test_lost_last_segment_is_found(masters: Any, tmp_path: Path, name: str) -> None:
    info, figures = measured(masters.wav(masters.music(7.0)), tmp_path)
    result, path = rendered(RUNGS[name], info, figures.lossy_path, tmp_path)
    path.write_bytes(path.read_bytes()[: -result.segments[-1].byte_length])
    with pytest.raises(RenditionRejected, match="samples instead of"):
        verify.run(verification(RUNGS[name], info, result, path, figures), ignore)


def test_figures_that_lie_about_the_length_are_found(masters: Any, tmp_path: Path) -> None:
    info, figures = measured(masters.wav(masters.music(1.0)), tmp_path)
    result, path = rendered(RUNGS["aac-96"], info, figures.lossy_path, tmp_path)
    lying = msgspec.structs.replace(result, padding_samples=result.padding_samples + 1)
    with pytest.raises(RenditionRejected, match="samples instead of"):
        verify.run(verification(RUNGS["aac-96"], info, lying, path, figures), ignore)


def test_silence_becomes_renditions_without_loudness(masters: Any, tmp_path: Path) -> None:
    info, figures = measured(masters.wav(np.zeros((48_000, 2))), tmp_path)
    assert (figures.master.integrated_lufs, figures.master.true_peak_dbtp) == (None, None)
    result, path = rendered(RUNGS["aac-96"], info, figures.lossy_path, tmp_path)
    reading = verify.run(verification(RUNGS["aac-96"], info, result, path, figures), ignore)
    assert reading.integrated_lufs is None
