"""An album is one programme: gated over the union of its tracks' blocks."""

from typing import Any

import numpy as np
import pytest

from ingest.loudness import album, gating
from ingest.loudness.album import Part
from ingest.loudness.meter import Meter, Reading


def part(frames: Any, rate: int = 48_000, positions: tuple[str, ...] = ("FL", "FR")) -> Part:
    meter = Meter(rate, positions)
    meter.feed(frames)
    return Part(reading=meter.finish(), energies=album.decode(album.encode(meter.energies)))


def test_album_of_one_track_reads_as_the_track(masters: Any) -> None:
    one = part(masters.music(9.0))
    assert album.album([one]) == one.reading


@pytest.mark.parametrize("count", [2, 5])
def test_album_of_identical_tracks_reads_as_the_track(masters: Any, count: int) -> None:
    one = part(masters.music(12.0) * np.linspace(0.1, 0.9, 12 * 48_000)[:, None])
    found = album.album([one] * count)
    assert found.integrated_lufs == pytest.approx(one.reading.integrated_lufs, abs=1e-6)
    assert found.loudness_range_lu == pytest.approx(one.reading.loudness_range_lu, abs=0.2)  # a rank further at most
    assert found.true_peak_dbtp == one.reading.true_peak_dbtp


def test_album_is_gated_as_one_programme(signals: Any) -> None:
    """EBU Tech 3341, case 5, cut into three tracks; their mean would be 2 LU lower."""
    tracks = [part(signals.tones((level, seconds))) for level, seconds in ((-26, 20), (-20, 20.1), (-26, 20))]
    assert album.album(tracks).integrated_lufs == pytest.approx(-23.0, abs=0.1)


def test_a_quiet_interlude_does_not_pull_an_album_down(signals: Any) -> None:
    loud, quiet = part(signals.tones((-14, 10))), part(signals.tones((-40, 10)))
    assert album.album([loud, quiet]).integrated_lufs == pytest.approx(-14.0, abs=0.1)
    assert album.album([loud, quiet]).loudness_range_lu == 0.0


def test_maxima_are_those_of_the_loudest_track(signals: Any) -> None:
    loud, quiet = part(signals.tones((-14, 4))), part(signals.tones((-20, 4)))
    found = album.album([quiet, loud])
    for figure in ("max_momentary_lufs", "max_short_term_lufs", "sample_peak_dbfs", "true_peak_dbtp"):
        assert getattr(found, figure) == getattr(loud.reading, figure)


def test_tracks_of_other_rates_and_channels_join(signals: Any) -> None:
    mono = part(signals.tones((-20, 4), rate=44_100, channels=1), 44_100, ("FC",))
    found = album.album([mono, part(signals.tones((-20, 4)))])
    assert found.integrated_lufs == pytest.approx(-20.0, abs=0.1)
    assert found.mono_integrated_lufs is None


@pytest.mark.parametrize("seconds", [0.0, 0.2])
def test_tracks_without_blocks_add_nothing(signals: Any, seconds: float) -> None:
    nothing = part(signals.silence(seconds))
    assert album.album([nothing]) == album.album([]) == Reading(integrated_lufs=None, true_peak_dbtp=None)
    one = part(signals.tones((-20, 4)))
    assert album.album([one, nothing]) == one.reading


def test_stored_energies_are_ten_floats_a_second(signals: Any) -> None:
    data = album.encode(part(signals.tones((-20, 4.05))).energies)
    assert len(data) == 40 * 4
    assert gating.integrated(gating.blocks(album.decode(data))) == pytest.approx(-20.0, abs=0.1)


def test_cut_energies_are_refused(signals: Any) -> None:
    data = album.encode(part(signals.tones((-20, 1))).energies)
    with pytest.raises(ValueError, match="buffer size"):
        album.decode(data[:-1])


def test_range_of_an_album_is_that_between_its_tracks(signals: Any) -> None:
    tracks = [part(signals.tones((level, 20))) for level in (-20, -30)]
    assert [track.reading.loudness_range_lu for track in tracks] == pytest.approx([0.0, 0.0], abs=0.01)
    assert album.album(tracks).loudness_range_lu == pytest.approx(10.0, abs=0.1)
