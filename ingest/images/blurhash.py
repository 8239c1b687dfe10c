"""BlurHash: some thirty characters that a client turns into a blurred likeness until the picture is there.

The picture is taken apart into a few cosine waves along each edge, in linear light; the wave of no frequency is the
average colour. The text holds their amplitudes to the base of 83 (the format of https://blurha.sh, which has readers
for every kind of client).

Pure.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
LONG_WAVES, SHORT_WAVES = 4, 3
"""How many waves run along the longer and the shorter edge: more than these make no blur, and a longer text."""
LEVELS = 9
"""Steps to each side of zero that an amplitude is rounded to: three colours make one number of two digits."""
MAX_STEPS = 82

Linear = npt.NDArray[np.float64]


def encode(picture: npt.NDArray[np.uint8]) -> str:
    """The BlurHash of an sRGB picture of shape (height, width, 3)."""
    height, width, _ = picture.shape
    across, down = (LONG_WAVES, SHORT_WAVES) if width >= height else (SHORT_WAVES, LONG_WAVES)
    waves = _waves(linear(picture), across, down)
    rest = waves[1:]
    steps = int(np.clip(math.floor(np.abs(rest).max() * 166 - 0.5), 0, MAX_STEPS))
    largest = (steps + 1) / 166
    head = _digits((across - 1) + (down - 1) * 9, 1) + _digits(steps, 1) + _digits(_rgb(waves[0]), 4)
    return head + "".join(_digits(_packed(wave / largest), 2) for wave in rest)


def average(picture: npt.NDArray[np.uint8]) -> str:
    """The average colour as `#rrggbb`, averaged in linear light, as the eye does from a distance."""
    return f"#{_rgb(linear(picture).mean(axis=(0, 1))):06x}"


def linear(picture: npt.NDArray[np.uint8]) -> Linear:
    """Light from sRGB (IEC 61966-2-1), 0 to 1."""
    value = picture / 255
    light: Linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return light


def _waves(light: Linear, across: int, down: int) -> Linear:
    """The amplitudes of the waves, row by row, of shape (across * down, 3); the first is the average."""
    height, width, _ = light.shape
    columns = np.cos(np.pi * np.outer(np.arange(across), np.arange(width)) / width)
    rows = np.cos(np.pi * np.outer(np.arange(down), np.arange(height)) / height)
    found: Linear = np.einsum("jy,ix,yxc->jic", rows, columns, light) / (width * height)
    scaled = found.reshape(-1, 3) * 2
    scaled[0] /= 2
    return scaled


def _rgb(colour: Linear) -> int:
    value = np.clip(colour, 0, 1)
    encoded = np.where(value <= 0.0031308, value * 12.92, 1.055 * value ** (1 / 2.4) - 0.055)
    red, green, blue = (int(part) for part in np.rint(encoded * 255))
    return red << 16 | green << 8 | blue


def _packed(amplitude: Linear) -> int:
    """Three amplitudes of -1 to 1, whose roots are rounded: small ones matter more."""
    rooted = np.sign(amplitude) * np.sqrt(np.abs(amplitude))
    red, green, blue = (int(part) for part in np.clip(np.floor(rooted * LEVELS + LEVELS + 0.5), 0, 2 * LEVELS))
    return (red * 19 + green) * 19 + blue


def _digits(value: int, count: int) -> str:
    return "".join(ALPHABET[value // 83**place % 83] for place in reversed(range(count)))
