"""Deriving: what is mixed down and resampled, once for each rate, keeps its time, its level and its length."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingest.pcm import SampleForm
from ingest.renditions.derivation import derived_infos
from origin.asset import Codec


@pytest.mark.parametrize(
    ("rate", "channels", "expected"),
    [
        pytest.param(44_100, 2, [(48_000, 2, 48_002)], id="44.1 kHz"),
        pytest.param(96_000, 2, [(48_000, 2, 48_001)], id="96 kHz"),
        pytest.param(88_200, 2, [(44_100, 2, 44_101), (48_000, 2, 48_001)], id="88.2 kHz"),
        pytest.param(22_050, 1, [(44_100, 1, 44_102), (48_000, 1, 48_003)], id="22.05 kHz mono"),
        pytest.param(48_000, 6, [(48_000, 2, 48_001)], id="5.1"),
    ],
)
def test_each_target_holds_exactly_its_samples(
    masters: Any, workbench: Callable[..., Any], rate: int, channels: int, expected: list[tuple[int, int, int]]
) -> None:
    bench = workbench(masters.tone(1.0 + 1 / rate, rate, channels=channels), rate)
    sources = bench.derived(*derived_infos(Codec, bench.info))
    assert [(one.info.sample_rate_hz, one.info.channels, one.info.sample_count) for one in sources] == expected
    for source in sources:
        assert Path(source.pcm_path).stat().st_size == source.info.sample_count * source.info.frame_bytes


@pytest.mark.parametrize(("rate", "codec"), [(96_000, Codec.AAC), (44_100, Codec.OPUS), (88_200, Codec.AAC)])
def test_resampling_keeps_time_and_level(masters: Any, workbench: Callable[..., Any], rate: int, codec: Codec) -> None:
    frames = masters.tone(2.0, rate)
    frames[:rate] = 0
    frames[rate : rate + 100] = 0.9
    bench = workbench(frames, rate)
    (source,) = bench.derived(*derived_infos([codec], bench.info))
    heard = bench.samples(source)[:, 0]
    assert abs(int(np.argmax(np.abs(heard) > 0.45)) - source.info.sample_rate_hz) <= 1
    assert source.reading.integrated_lufs == pytest.approx(bench.measured.master.integrated_lufs, abs=0.1)


@pytest.mark.parametrize(("rate", "codec"), [(96_000, Codec.AAC), (44_100, Codec.OPUS), (88_200, Codec.AAC)])
def test_resampling_keeps_both_ends(masters: Any, workbench: Callable[..., Any], rate: int, codec: Codec) -> None:
    """A track of a live album begins and ends in the middle of a sound; half a millisecond of silence would click."""
    bench = workbench(masters.tone(1.0, rate), rate)
    (source,) = bench.derived(*derived_infos([codec], bench.info))
    wanted, heard = masters.tone(1.0, source.info.sample_rate_hz), bench.samples(source)
    for end in (slice(0, 40), slice(-40, None)):
        assert np.abs(heard[end] - wanted[end]).max() < 0.05 * wanted.max()


@pytest.mark.parametrize("hz", [1_000.0, 10_000.0, 18_000.0])
def test_resampling_adds_next_to_nothing(masters: Any, workbench: Callable[..., Any], hz: float) -> None:
    """130 dB below a tone are less than 24 bits hold; swresample's own choice leaves 98 dB at 18 kHz."""
    bench = workbench(masters.tone(1.0, 44_100, dbfs=-6.0, hz=hz), 44_100, form=SampleForm.F32, bits=32)
    (source,) = bench.derived(*derived_infos([Codec.OPUS], bench.info))
    heard = bench.samples(source)[4_000:-4_000, 0]
    phase = 2 * np.pi * hz * np.arange(len(heard)) / source.info.sample_rate_hz
    tone = np.stack([np.sin(phase), np.cos(phase)], axis=1)
    residue = heard - tone @ np.linalg.lstsq(tone, heard, rcond=None)[0]
    assert 20 * np.log10(np.std(heard) / np.std(residue)) > 130


def test_downmix_is_measured_for_itself(masters: Any, workbench: Callable[..., Any]) -> None:
    bench = workbench(masters.tone(2.0, channels=6) * np.array([0, 0, 1, 0, 0, 0]))
    (source,) = bench.derived(*derived_infos(Codec, bench.info))
    # Two channels at -3 dB are as loud as the one they come from.
    assert source.reading.integrated_lufs == pytest.approx(bench.measured.master.integrated_lufs, abs=0.05)
    assert source.reading.true_peak_dbtp == pytest.approx(bench.measured.master.true_peak_dbtp - 3.01, abs=0.05)
    assert source.reading == bench.reading(bench.samples(source), 48_000)


def test_floats_above_full_scale_are_not_clipped(masters: Any, workbench: Callable[..., Any]) -> None:
    bench = workbench(masters.tone(1.0, 44_100, dbfs=6.0), 44_100, form=SampleForm.F32, bits=32)
    (source,) = bench.derived(*derived_infos([Codec.OPUS], bench.info))
    assert source.reading.sample_peak_dbfs == pytest.approx(6.0, abs=0.1)


def test_one_target_is_as_if_it_were_alone(masters: Any, workbench: Callable[..., Any]) -> None:
    bench = workbench(masters.music(1.5, 88_200), 88_200)
    targets = derived_infos(Codec, bench.info)
    together = [bench.samples(source) for source in bench.derived(*targets)]
    alone = [bench.samples(bench.derived(target)[0]) for target in targets]
    assert [np.array_equal(one, other) for one, other in zip(together, alone, strict=True)] == [True, True]
