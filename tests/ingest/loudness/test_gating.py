"""Statistics of energies whose distribution is known."""

import numpy as np
import pytest

from ingest.loudness import gating


def energies(*loudness_lufs: float) -> np.ndarray:
    return 10 ** ((np.array(loudness_lufs) - gating.OFFSET_LUFS) / 10)


def test_range_goes_from_the_10th_to_the_95th_percentile() -> None:
    evenly = energies(*np.linspace(-40, -20, 201))
    assert gating.loudness_range(evenly) == pytest.approx(0.85 * 20)
    assert gating.loudness_range(evenly[::-1]) == pytest.approx(0.85 * 20)


def test_what_lies_on_the_absolute_gate_is_left_out() -> None:
    assert gating.integrated(energies(-70.0, -70.1)) is None
    assert gating.integrated(energies(-69.9)) == pytest.approx(-69.9)


def test_blocks_are_four_hops_and_short_terms_thirty() -> None:
    hops = np.arange(31, dtype=np.float32)
    assert gating.blocks(hops).tolist() == [n + 1.5 for n in range(28)]
    assert gating.short_terms(hops).tolist() == [14.5, 15.5]
    assert len(gating.blocks(hops[:3])) == len(gating.short_terms(hops[:29])) == 0
