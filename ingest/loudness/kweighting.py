"""The K-weighting filter of BS.1770 at any sample rate, by matrices instead of a loop over samples.

Both biquads are one linear system with four numbers of state. Over a block of samples its answer is a sum of what came
in (a triangular Toeplitz matrix, the same for every block) and of the state at the block's start; so a second of audio
is three matrix products and a dozen small ones for the states. The samples are 32-bit floats; what that leaves of noise
lies 100 dB below the signal at every rate. It is as fast as a loop in C, and needs numpy only: importing scipy.signal
takes longer than measuring a ten-minute track.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ingest.pcm import Floats

BLOCK = 64
"""Shorter ones leave more states to compute, longer ones more of the triangle's zeros; measured to be the fastest."""
STATES = 4

Lines = npt.NDArray[np.float32]
"""Samples of shape (channels, n): a line of each channel, as the matrix products want them."""

# libebur128's analogue prototypes; the bilinear transform of them gives the standard's table at 48 kHz.
SHELF_HZ = 1681.974450955533
SHELF_DB = 3.999843853973347
SHELF_Q = 0.7071752369554196
SHELF_EXPONENT = 0.4996667741545416
HIGHPASS_HZ = 38.13547087602444
HIGHPASS_Q = 0.5003270373238773

Biquad = tuple[tuple[float, float, float], tuple[float, float]]
"""(b0, b1, b2), (a1, a2), with a0 = 1."""


def shelf(sample_rate_hz: int) -> Biquad:
    k = math.tan(math.pi * SHELF_HZ / sample_rate_hz)
    high = 10 ** (SHELF_DB / 20)
    band = high**SHELF_EXPONENT
    a0 = 1 + k / SHELF_Q + k * k
    b = (high + band * k / SHELF_Q + k * k, 2 * (k * k - high), high - band * k / SHELF_Q + k * k)
    return (b[0] / a0, b[1] / a0, b[2] / a0), (2 * (k * k - 1) / a0, (1 - k / SHELF_Q + k * k) / a0)


def highpass(sample_rate_hz: int) -> Biquad:
    k = math.tan(math.pi * HIGHPASS_HZ / sample_rate_hz)
    a0 = 1 + k / HIGHPASS_Q + k * k
    return (1.0, -2.0, 1.0), (2 * (k * k - 1) / a0, (1 - k / HIGHPASS_Q + k * k) / a0)


class KFilter:
    """Filters one signal of several channels, portion by portion, remembering its state between them."""

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        step, inward, outward, through = _system(shelf(sample_rate_hz), highpass(sample_rate_hz))
        powers = [np.linalg.matrix_power(step, n) for n in range(BLOCK + 1)]
        response = [through] + [float(outward @ powers[n] @ inward) for n in range(BLOCK - 1)]
        toeplitz = [[response[n - m] if n >= m else 0.0 for n in range(BLOCK)] for m in range(BLOCK)]
        self._toeplitz = np.array(toeplitz, dtype=np.float32)
        self._from_state = np.stack([outward @ power for power in powers[:BLOCK]], axis=1)
        self._to_state = np.stack([power @ inward for power in powers[BLOCK - 1 :: -1]])
        self._powers = [power.T for power in powers]
        self._state = np.zeros((channels, STATES))

    def apply(self, lines: Lines) -> Lines:
        """Filter lines of shape (channels, n)."""
        channels, length = lines.shape
        whole = length // BLOCK * BLOCK
        blocks = lines[:, :whole].reshape(channels, -1, BLOCK)
        answer = self._blocks(blocks).reshape(channels, whole)
        if whole == length:
            return answer
        return np.concatenate([answer, self._rest(lines[:, whole:])], axis=1)

    def _blocks(self, blocks: Lines) -> Lines:
        states = self._advance(blocks @ self._to_state.astype(np.float32))
        # The states travel in 64 bits, since they feed back on themselves; what is heard of them needs no more than 32.
        answer: Lines = blocks @ self._toeplitz
        answer += (states @ self._from_state).astype(np.float32)
        return answer

    def _advance(self, arrivals: Lines) -> Floats:
        """The state at every block's start, from what each block adds to it; shapes (channels, blocks, 4).

        By doubling: first every state knows the block before it, then two, four and so on, until all are known.
        """
        states = np.concatenate([self._state[:, None], arrivals], axis=1)
        step = self._powers[BLOCK]
        reach = 1
        while reach < states.shape[1]:
            states[:, reach:] += states[:, :-reach] @ step
            step = step @ step
            reach *= 2
        self._state = states[:, -1]
        return states[:, :-1]

    def _rest(self, lines: Lines) -> Lines:
        """Less than a block: the upper left of every matrix."""
        length = lines.shape[1]
        answer = lines @ self._toeplitz[:length, :length] + self._state @ self._from_state[:, :length]
        self._state = self._state @ self._powers[length] + lines @ self._to_state[BLOCK - length :]
        return np.asarray(answer, dtype=np.float32)


def _system(first: Biquad, second: Biquad) -> tuple[Floats, Floats, Floats, float]:
    """Two biquads in a row as x' = Ax + Bu, y = Cx + Du, each in transposed direct form II."""
    a, b, c, d = _section(first)
    e, f, g, h = _section(second)
    step = np.block([[a, np.zeros((2, 2))], [np.outer(f, c), e]])
    return step, np.concatenate([b, f * d]), np.concatenate([h * c, g]), d * h


def _section(biquad: Biquad) -> tuple[Floats, Floats, Floats, float]:
    (b0, b1, b2), (a1, a2) = biquad
    step = np.array([[-a1, 1.0], [-a2, 0.0]])
    return step, np.array([b1 - a1 * b0, b2 - a2 * b0]), np.array([1.0, 0.0]), b0
