"""How far an encoding may be from what was asked for."""

import pytest

from ingest.errors import RenditionRejected
from ingest.loudness.meter import Reading
from ingest.pcm import PcmInfo, SampleForm
from ingest.renditions.deviation import Deviation, deviation
from ingest.renditions.ladder import File, Rung
from ingest.tasks import Rendered
from origin.asset import Codec

AAC = Rung(name="aac-96", codec=Codec.AAC, stereo_bandwidth_bps=96_000, files=(File.CMAF,))
VORBIS = Rung(name="vorbis-96", codec=Codec.VORBIS, stereo_bandwidth_bps=96_000, files=(File.OGG,))
FLAC = Rung(name="flac", codec=Codec.FLAC, files=(File.FLAC,))


def reading(integrated_lufs: float | None) -> Reading:
    return Reading(integrated_lufs=integrated_lufs, true_peak_dbtp=-1.0)


def found(
    lufs: float | None, *, meant: float | None = -20.0, rung: Rung = AAC, bandwidth_bps: int = 96_000, seconds: int = 10
) -> Deviation:
    info = PcmInfo(
        sample_rate_hz=48_000,
        positions=("FL", "FR"),
        form=SampleForm.S16,
        stored_bits=16,
        sample_count=seconds * 48_000,
    )
    rendered = Rendered(
        sample_count=info.sample_count,
        priming_samples=0,
        padding_samples=0,
        payload_byte_length=bandwidth_bps * seconds // 8,
        files=(),
        track=None,
    )
    return deviation(rung, info, rendered, meant=reading(meant), found=reading(lufs), gain_db=6.0)


@pytest.mark.parametrize(
    ("lufs", "noteworthy"),
    [(-14.0, False), (-14.4, False), (-13.6, False), (-14.6, True), (-13.4, True), (-40.0, True)],
)
def test_loudness_is_compared_with_the_source_and_the_gain(lufs: float, *, noteworthy: bool) -> None:
    one = found(lufs)
    assert (one.loudness_lu, one.noteworthy) == (pytest.approx(lufs + 14.0), noteworthy)


def test_what_is_much_louder_than_it_was_meant_to_be_is_rejected() -> None:
    assert found(-11.1).noteworthy
    with pytest.raises(RenditionRejected, match=r"aac-96: it is 3\.1 LU louder than it was meant to be"):
        found(-10.9)


@pytest.mark.parametrize(("lufs", "meant"), [(None, -20.0), (-20.0, None), (None, None)])
def test_what_has_no_loudness_is_not_compared(lufs: float | None, meant: float | None) -> None:
    assert found(lufs, meant=meant) == Deviation(loudness_lu=None, bandwidth=pytest.approx(0.0))


@pytest.mark.parametrize(
    ("rung", "bandwidth_bps", "seconds", "expected"),
    [
        pytest.param(AAC, 105_000, 10, (pytest.approx(0.09375), False), id="a little more is what a coder may take"),
        pytest.param(AAC, 107_000, 10, (pytest.approx(0.1146, abs=1e-4), True), id="more is noted"),
        pytest.param(AAC, 50_000, 10, (pytest.approx(-0.479, abs=1e-3), False), id="less is what simple music takes"),
        pytest.param(AAC, 200_000, 9, (None, False), id="less than 10 s has no typical rate"),
        pytest.param(VORBIS, 200_000, 10, (None, False), id="of Vorbis the rate is nominal"),
        pytest.param(FLAC, 900_000, 10, (None, False), id="lossless has none"),
    ],
)
def test_bandwidth_is_compared_where_one_was_asked_for(
    rung: Rung, bandwidth_bps: int, seconds: int, expected: tuple[float | None, bool]
) -> None:
    one = found(-14.0, rung=rung, bandwidth_bps=bandwidth_bps, seconds=seconds)
    assert (one.bandwidth, one.noteworthy) == expected
