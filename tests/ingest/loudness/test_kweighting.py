"""The weighting filter against the standard's table and scipy's filter."""

from typing import Any

import numpy as np
import pytest
import scipy.signal

from ingest.loudness.kweighting import BLOCK, KFilter, highpass, shelf


def scipy_filter(rate: int, noise: Any) -> Any:
    (b1, a1), (b2, a2) = shelf(rate), highpass(rate)
    return scipy.signal.sosfilt([[*b1, 1.0, *a1], [*b2, 1.0, *a2]], noise, axis=1)


def test_filter_has_the_standard_s_coefficients_at_48_khz() -> None:
    (b, a), (d, c) = shelf(48_000), highpass(48_000)
    assert np.allclose([*b, *a], [1.53512486, -2.69169619, 1.19839281, -1.69065929, 0.73248077], atol=1e-8)
    assert np.allclose([*d, *c], [1.0, -2.0, 1.0, -1.99004745, 0.99007225], atol=1e-8)


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000, 192_000, 384_000])
def test_filter_answers_as_scipy_s_does(rate: int) -> None:
    noise = np.random.default_rng(rate).normal(size=(3, rate + 37)).astype(np.float32)
    expected = scipy_filter(rate, noise.astype(np.float64))
    ours = KFilter(rate, 3)
    found = np.concatenate([ours.apply(piece) for piece in np.array_split(noise, 7, axis=1)], axis=1)
    assert np.sqrt(np.mean((found - expected) ** 2)) < 1e-5  # 100 dB below the noise


@pytest.mark.parametrize("length", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_filter_goes_on_after_any_length(length: int) -> None:
    noise = np.random.default_rng(length).normal(size=(2, length + 500)).astype(np.float32)
    ours = KFilter(48_000, 2)
    found = np.concatenate([ours.apply(noise[:, :length]), ours.apply(noise[:, length:])], axis=1)
    assert np.allclose(found, scipy_filter(48_000, noise.astype(np.float64)), rtol=0, atol=1e-4)
