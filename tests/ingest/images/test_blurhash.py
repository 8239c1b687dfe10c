"""BlurHash, read back by the format's own description: the waves are summed again and compared with the picture."""

from typing import Any

import numpy as np
import pytest

from ingest.images import blurhash

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"


def number(text: str) -> int:
    value = 0
    for character in text:
        value = value * 83 + ALPHABET.index(character)
    return value


def light(byte: Any) -> Any:
    value = np.asarray(byte) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def drawn(text: str, width: int, height: int) -> Any:
    """The picture that a client draws, in linear light, of shape (height, width, 3)."""
    across, down = number(text[0]) % 9 + 1, number(text[0]) // 9 + 1
    largest = (number(text[1]) + 1) / 166
    assert len(text) == 4 + 2 * across * down
    first = number(text[2:6])
    waves = [light(np.array([first >> 16, first >> 8 & 255, first & 255]))]
    for at in range(6, len(text), 2):
        packed = np.array(
            [number(text[at : at + 2]) // 361, number(text[at : at + 2]) // 19 % 19, number(text[at : at + 2]) % 19]
        )
        waves.append(np.sign(packed - 9) * ((packed - 9) / 9) ** 2 * largest)
    x, y = np.arange(width) / width, np.arange(height) / height
    picture = np.zeros((height, width, 3))
    for index, wave in enumerate(waves):
        shape = np.outer(np.cos(np.pi * y * (index // across)), np.cos(np.pi * x * (index % across)))
        picture += shape[..., None] * wave
    return picture


def test_black_has_the_text_that_everybody_knows() -> None:
    assert blurhash.encode(np.zeros((48, 64, 3), dtype=np.uint8)) == "L00000fQfQfQfQfQfQfQfQfQfQfQ"


@pytest.mark.parametrize(("width", "height", "first"), [(64, 48, "L"), (48, 64, "T"), (64, 64, "L"), (64, 1, "L")])
def test_more_waves_run_along_the_longer_edge(width: int, height: int, first: str) -> None:
    assert blurhash.encode(np.full((height, width, 3), 200, dtype=np.uint8))[0] == first


def test_client_draws_a_likeness() -> None:
    right = np.linspace(20, 230, 64, dtype=np.uint8)
    down = np.linspace(240, 10, 48, dtype=np.uint8)
    picture = np.zeros((48, 64, 3), dtype=np.uint8)
    picture[..., 0], picture[..., 1], picture[..., 2] = right[None, :], down[:, None], 90
    difference = drawn(blurhash.encode(picture), 64, 48) - light(picture)
    assert np.abs(difference).max() < 0.25  # in the corners, which waves do not reach
    assert np.sqrt((difference**2).mean()) < 0.05


def test_average_colour_is_of_light_not_of_numbers() -> None:
    half = np.zeros((2, 2, 3), dtype=np.uint8)
    half[0] = 255
    assert blurhash.average(half) == "#bcbcbc"  # 188: half of the light, where the mean of the numbers is 128
    assert blurhash.average(np.full((3, 3, 3), (1, 128, 255), dtype=np.uint8)) == "#0180ff"
