"""Quality control: each finding provoked by itself, and none in sound material."""

import io
from typing import Any

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.containers.sniff import sniff
from ingest.contract import QualityCode, QualityWarning
from ingest.pcm import DEFAULT_POSITIONS, PcmInfo, SampleForm, to_floats
from ingest.quality.inspector import BLOCK_FRAMES, Inspector
from ingest.stages.decode import decode
from tests.recordings import MUSIC, needs_music


def inspector(frames: Any, rate: int, *, lossless: bool = True, form: SampleForm = SampleForm.S32) -> Inspector:
    info = PcmInfo(
        sample_rate_hz=rate,
        positions=DEFAULT_POSITIONS[frames.shape[1]],
        form=form,
        stored_bits=24 if form is SampleForm.F32 else 8 * form.byte_width,
        sample_count=len(frames),
    )
    return Inspector(info, lossless_container=lossless)


def warnings(
    frames: Any, rate: int = 48_000, *, lossless: bool = True, form: SampleForm = SampleForm.S32
) -> tuple[QualityWarning, ...]:
    inspected = inspector(frames, rate, lossless=lossless, form=form)
    inspected.feed(frames)
    return inspected.finish()


def codes(frames: Any, rate: int = 48_000, *, lossless: bool = True) -> list[QualityCode]:
    return [warning.code for warning in warnings(frames, rate, lossless=lossless)]


@pytest.fixture
def music(masters: Any) -> Any:
    return masters.music(3.0) * 0.9


def test_sound_music_gives_no_warning(music: Any) -> None:
    assert warnings(music) == ()


def test_silence_is_left_to_the_meter() -> None:
    assert warnings(np.zeros((96_000, 2))) == ()


def test_nothing_at_all_gives_no_warning() -> None:
    assert warnings(np.zeros((0, 2))) == ()


def test_flat_tops_are_clipping(music: Any) -> None:
    music[1_000:1_003, 0] = 1.0
    music[BLOCK_FRAMES - 5 : BLOCK_FRAMES + 5, 1] = -1.0  # over the border of two blocks
    music[-4:, 0] = 32_767 / 32_768
    (warning,) = warnings(music)
    assert warning.code is QualityCode.CLIPPED
    assert "in 3 places" in warning.detail
    assert "10 at most" in warning.detail


def test_single_peaks_at_full_scale_are_no_clipping(music: Any) -> None:
    music[1_000:1_002] = 1.0
    music[2_000:2_003] = 1 - 2.0**-14
    assert warnings(music) == ()


def test_floats_beyond_full_scale_are_no_flat_tops(music: Any) -> None:
    music[1_000:1_010, 0] = -1.26  # 2.007 dBFS
    (warning,) = warnings(np.rint(music * 2**23) / 2**23, form=SampleForm.F32)
    assert warning.code is QualityCode.OVER_FULL_SCALE
    assert "up to +2.01 dBFS" in warning.detail
    assert "by 2.1 dB" in warning.detail


def test_lossy_master_beyond_full_scale_is_told(music: Any) -> None:
    found = warnings(np.clip(music * 2, -1.1, 1.1), form=SampleForm.F32, lossless=False)
    assert [warning.code for warning in found] == [QualityCode.OVER_FULL_SCALE]


@pytest.mark.parametrize(
    ("finest", "lossless", "expected"),
    [
        pytest.param(2.0**-23, True, [], id="the steps of 24 bits are kept"),
        pytest.param(2.0**-24, True, [QualityCode.BIT_DEPTH_REDUCED], id="one finer sample is told"),
        pytest.param(2.0**-24, False, [], id="of a lossy codec no step is true"),
    ],
)
def test_floats_that_lose_bits_are_told(
    music: Any, *, finest: float, lossless: bool, expected: list[QualityCode]
) -> None:
    whole = np.rint(music * 2**23) / 2**23
    whole[70_000, 1] += finest
    assert [found.code for found in warnings(whole, form=SampleForm.F32, lossless=lossless)] == expected


def test_offset_is_told_with_its_sign(music: Any) -> None:
    music[:, 1] -= 0.05 + music[:, 1].mean()
    (warning,) = warnings(music)
    assert warning.code is QualityCode.DC_OFFSET
    assert "-5.0 %" in warning.detail


@pytest.mark.parametrize(
    ("before", "behind", "expected"),
    [
        pytest.param(1.9, 4.9, [], id="gaps between tracks"),
        pytest.param(2.1, 0.0, [QualityCode.LEADING_SILENCE], id="before"),
        pytest.param(0.0, 5.1, [QualityCode.TRAILING_SILENCE], id="behind"),
        pytest.param(3.0, 6.0, [QualityCode.LEADING_SILENCE, QualityCode.TRAILING_SILENCE], id="both"),
    ],
)
def test_zeros_at_the_edges_are_told(music: Any, before: float, behind: float, expected: list[QualityCode]) -> None:
    music[0] = music[-1] = 0.1
    padded = np.pad(music, ((round(before * 48_000), round(behind * 48_000)), (0, 0)))
    found = warnings(padded)
    assert [warning.code for warning in found] == expected
    for warning, seconds in zip(found, [value for value in (before, behind) if value > 2], strict=False):
        assert f"{seconds:.1f} s" in warning.detail


def test_channel_without_sound_is_dead(music: Any) -> None:
    music[:, 1] = np.where(np.arange(len(music)) % 2, 2.0**-15, -(2.0**-15))
    (warning,) = warnings(music)
    assert warning.code is QualityCode.DEAD_CHANNEL
    assert "(FR)" in warning.detail


def test_silent_subwoofer_is_none(masters: Any) -> None:
    surround = masters.music(1.0, channels=6)
    surround[:, 3] = 0
    assert warnings(surround) == ()
    surround[:, 4:] = 0
    (warning,) = warnings(surround)
    assert "Of 6 channels 2 have nothing to hear (BL, BR)" in warning.detail


def test_quiet_recording_has_no_dead_channel(music: Any) -> None:
    music *= 0.005
    music[:, 0] = 0
    assert warnings(music) == ()


def test_mono_in_stereo_is_told(music: Any) -> None:
    music[:, 1] = music[:, 0]
    assert codes(music) == [QualityCode.IDENTICAL_CHANNELS]
    music[70_000, 1] += 2.0**-23
    assert codes(music) == []


def test_inverted_channel_is_out_of_phase(music: Any) -> None:
    music[:, 1] = -0.7 * music[:, 1]
    (warning,) = warnings(music)
    assert warning.code is QualityCode.OUT_OF_PHASE
    assert "correlation -0.9" in warning.detail or "correlation -1.0" in warning.detail


def read(master: bytes) -> tuple[Any, int]:
    """Decoded as the pipeline does it."""
    target = io.BytesIO()
    info = decode(io.BytesIO(master), sniff(master), target, lambda _fraction: None).info
    return to_floats(target.getvalue(), info), info.sample_rate_hz


def encoded(masters: Any, frames: Any, rate: int, container: str, codec: str) -> Any:
    """There and back again, into 16 bits as in a WAV file."""
    if codec == "aac":
        data = masters.encoded(frames, rate, container=container, codec=codec)
    else:
        data = masters.sndfile(frames, rate, container=container, subtype=codec)
    back, _ = read(data)
    return np.rint(np.clip(back, -1, 1) * 32_767) / 32_768


@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize(
    ("container", "codec"),
    [
        pytest.param("MP3", "MPEG_LAYER_III", id="MP3"),
        pytest.param("ipod", "aac", id="AAC"),
    ],
)
def test_lossy_source_is_suspected(masters: Any, container: str, codec: str, rate: int) -> None:
    frames = masters.music(4.0, rate)
    assert warnings(frames, rate) == ()
    (warning,) = warnings(encoded(masters, frames, rate, container, codec), rate)
    assert warning.code is QualityCode.LOSSY_SOURCE
    assert " kHz" in warning.detail


def test_lossy_file_is_not_told_that_it_is_lossy(masters: Any) -> None:
    frames = encoded(masters, masters.music(2.0), 48_000, "MP3", "MPEG_LAYER_III")
    assert codes(frames, lossless=False) == []


def filtered(frames: Any, rate: int, hz: float, order: int) -> Any:
    return scipy.signal.sosfilt(scipy.signal.butter(order, hz, fs=rate, output="sos"), frames, axis=0)


def steeply(frames: Any, rate: int, hz: Any, kind: str) -> Any:
    taps = scipy.signal.firwin(801, hz, fs=rate, pass_zero=kind)
    return scipy.signal.oaconvolve(frames, taps[:, None], mode="same", axes=0)


def test_steep_filter_is_suspected_too(masters: Any) -> None:
    """It cannot be told from an encoder's; this is the control of the two below."""
    assert codes(steeply(masters.music(2.0), 48_000, 15_000, "lowpass")) == [QualityCode.LOSSY_SOURCE]


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda frames: (filtered(frames, 48_000, 3_000, 2), 48_000), id="a dull recording"),
        pytest.param(lambda frames: (filtered(frames, 48_000, 15_000, 4), 48_000), id="a gentle filter"),
        pytest.param(lambda frames: (scipy.signal.resample_poly(frames, 2, 1), 96_000), id="upsampled"),
        pytest.param(lambda frames: (scipy.signal.resample_poly(frames, 2, 3), 32_000), id="32 kHz"),
        pytest.param(lambda frames: (scipy.signal.resample_poly(frames, 147, 160), 44_100), id="resampled"),
        pytest.param(lambda frames: (frames[:3_000], 48_000), id="too short to tell"),
        pytest.param(lambda frames: (steeply(frames, 48_000, (15_000, 17_000), "bandstop"), 48_000), id="a gap"),
        pytest.param(
            lambda frames: (steeply(frames, 32_000, 14_600, "lowpass"), 32_000), id="a steep filter at 32 kHz"
        ),
    ],
)
def test_honest_material_is_not_suspected(masters: Any, make: Any) -> None:
    frames, rate = make(masters.music(2.0))
    dithered = frames * 0.8 + np.random.default_rng(2).triangular(-1, 0, 1, frames.shape) / 32_768
    assert codes(dithered, rate) == []


@settings(max_examples=25)
@given(cuts=st.lists(st.integers(0, 150_000), max_size=6))
def test_any_chunking_gives_the_identical_result(masters: Any, cuts: list[int]) -> None:
    frames = spoilt(masters)
    once, pieces = inspector(frames, 44_100), inspector(frames, 44_100)
    once.feed(frames)
    for piece in np.split(frames, sorted(cuts)):
        pieces.feed(piece)
    assert once.finish() == pieces.finish() != ()
    assert once._levels.offsets == pieces._levels.offsets
    assert once._stereo is not None
    assert pieces._stereo is not None
    assert once._stereo.correlation() == pieces._stereo.correlation()
    assert once._spectrum is not None
    assert pieces._spectrum is not None
    assert np.array_equal(once._spectrum._power, pieces._spectrum._power)


def spoilt(masters: Any) -> Any:
    frames = np.pad(masters.music(1.0, 44_100) * 1.5, ((100_000, 0), (0, 0))) + 0.0
    frames[100_000:] += 0.02
    return np.clip(frames, -1, 1)


def test_frame_by_frame_is_the_same_too(masters: Any) -> None:
    frames = spoilt(masters)[99_000:103_000]
    single = inspector(frames, 44_100)
    for frame in frames:
        single.feed(frame[None])
    assert single.finish() == warnings(frames, 44_100)


# Of these nothing says that they were ever encoded; what else is told of them was looked at.
LOSSLESS = (
    "arovane_a.flac", "fl_s45.flac", "fl_s56.flac", "fl_u05.flac", "fl_s28.flac", "sp_loop_amen_full.flac",
    "sp_loop_garzul.flac", "sp_loop_tabla.flac", "trombone.wav", "target.flac",
)  # fmt: skip


@needs_music
@pytest.mark.parametrize("name", LOSSLESS)
def test_recordings_that_were_never_encoded_are_not_suspected(name: str) -> None:
    frames, rate = read((MUSIC / name).read_bytes())
    assert set(codes(frames, rate)) <= {QualityCode.DC_OFFSET}
