"""Covers: a small square picture for every album, drawn from the album's seed.

A gradient of two colours and, over it, the shapes of the band: lanterns over water, waves of a harbour, the orbits of
an orrery. Shapes are distances on a grid, so their edges are smooth without a drawing library; libvips only encodes.
"""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
import pyvips

from appliance.demo.albums import Album
from appliance.demo.tags import Cover

SIDE: Final = 480
Picture = npt.NDArray[np.float64]


@cache  # an album has one cover and several tracks
def cover(album: Album) -> Cover:
    """The album's cover as JPEG or PNG."""
    pixels = draw(album)
    image = pyvips.Image.new_from_memory(pixels.tobytes(), SIDE, SIDE, 3, "uchar").copy(interpretation="srgb")
    if album.png:
        return Cover(media_type="image/png", width=SIDE, height=SIDE, data=image.pngsave_buffer(compression=9))
    return Cover(media_type="image/jpeg", width=SIDE, height=SIDE, data=image.jpegsave_buffer(Q=85))


def draw(album: Album) -> npt.NDArray[np.uint8]:
    """The pixels, of shape (side, side, 3)."""
    random = np.random.default_rng(album.seed)
    hue = float(random.random())
    top, bottom = _colour(hue, 0.65, 0.22), _colour(hue + 0.12, 0.6, 0.62)
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    picture = top + (bottom - top) * (y**1.3)[..., None]
    picture = MOTIFS[album.artist](picture, x, y, random, hue)
    vignette = 1 - 0.35 * np.clip(np.hypot(x - 0.5, y - 0.5) - 0.35, 0, 1)
    grain = random.normal(0, 0.008, (SIDE, SIDE, 1))
    return np.asarray(np.clip((picture * vignette[..., None] + grain) * 255, 0, 255), dtype=np.uint8)


def _lanterns(picture: Picture, x: Picture, y: Picture, random: np.random.Generator, hue: float) -> Picture:
    """Lights at several distances, each with its halo and its reflection in the water below."""
    glow = _colour(hue + 0.5, 0.45, 1.0)
    picture = _over(picture, _colour(hue, 0.7, 0.16), 0.75 * _soft(0.66 - y, 0.004))
    for at in np.linspace(0.14, 0.86, 5) + random.uniform(-0.04, 0.04, 5):
        height, size = random.uniform(0.22, 0.55), random.uniform(0.018, 0.05)
        distance = np.hypot(x - at, y - height)
        picture = picture + glow * (0.55 * np.exp(-distance / (size * 2.2)))[..., None]
        picture = _over(picture, _colour(hue + 0.52, 0.15, 1.0), _soft(distance - size, 0.004))
        ripple = 0.010 + 0.008 * np.sin(y * 160 + at * 40)
        column = np.exp(-np.abs(x - at) / ripple) * (y > 0.66) * np.exp(-(y - 0.66) / 0.16)
        picture = picture + glow * (0.5 * column)[..., None]
    return picture


def _waves(picture: Picture, x: Picture, y: Picture, random: np.random.Generator, hue: float) -> Picture:
    """A low moon behind seven bands of water, each an octave of the one behind it."""
    picture = _over(picture, _colour(hue + 0.5, 0.35, 0.98), _soft(np.hypot(x - 0.68, y - 0.34) - 0.17, 0.003))
    for band in range(7):
        phase, swing = random.uniform(0, 2 * np.pi), 0.045 - 0.004 * band
        edge = 0.40 + 0.085 * band + swing * np.sin(2 * np.pi * (1 + 0.5 * band) * x + phase)
        colour = _colour(hue + 0.02 * band, 0.75, 0.50 - 0.055 * band)
        picture = _over(picture, colour, 0.9 * _soft(edge - y, 0.003))
    return picture


def _orbits(picture: Picture, x: Picture, y: Picture, random: np.random.Generator, hue: float) -> Picture:
    """A sun, five rings around it and a paper planet on each."""
    distance = np.hypot(x - 0.5, y - 0.5)
    paper = _colour(hue + 0.5, 0.12, 0.96)
    picture = _over(picture, _colour(hue + 0.45, 0.55, 1.0), _soft(distance - 0.075, 0.003))
    for ring in range(5):
        radius, angle = 0.14 + 0.07 * ring, random.uniform(0, 2 * np.pi)
        picture = _over(picture, paper, 0.5 * _soft(np.abs(distance - radius) - 0.0016, 0.002))
        planet = np.hypot(x - 0.5 - radius * np.cos(angle), y - 0.5 - radius * np.sin(angle))
        picture = _over(picture, _colour(hue + 0.13 * ring, 0.5, 0.95), _soft(planet - 0.014 - 0.004 * ring, 0.003))
    return picture


def _over(picture: Picture, colour: Picture, mask: Picture) -> Picture:
    return picture + (colour - picture) * mask[..., None]


def _soft(distance: Picture, edge: float) -> Picture:
    """1 inside of a shape (negative distance), 0 outside, smooth over the edge."""
    return np.clip(0.5 - distance / (2 * edge), 0, 1)


def _colour(hue: float, saturation: float, value: float) -> Picture:
    return np.array(colorsys.hsv_to_rgb(hue % 1.0, saturation, value))


Motif = Callable[[Picture, Picture, Picture, np.random.Generator, float], Picture]
MOTIFS: Final[Mapping[str, Motif]] = {
    "The Lantern Keepers": _lanterns,
    "Octave Harbour": _waves,
    "Paper Orrery": _orbits,
}
