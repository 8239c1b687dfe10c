"""Drawing: from a picture's bytes to the files of an image, by libvips, in a child process with limits.

Rules (docs/decisions/0044). libvips may open what the header asked for with that one loader and nothing else: CSV,
matrices and its own format are no "untrusted" loaders to it, so every loader is blocked that is not allowed by name.
What it finds has to be what the header claimed. A picture that ends early or is damaged is refused, not shown half
grey: it is opened as a whole with `fail_on`, since libvips' `thumbnail` of a buffer forgets that option on the way.

The first picture of an animation is taken. Its orientation is applied, transparency is laid on white, colours become
sRGB in 8 bits, and nothing of its metadata goes on: no place, no camera, no profile. Every file that is written is
opened and decoded again.

This module loads libvips, so only the stage that draws imports it, when it runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import pyvips

from ingest.errors import RenditionRejected
from ingest.images.headers import avif
from ingest.images.headers.header import PictureFormat, PictureHeader, invalid
from ingest.tasks import ImageFile
from origin.image import SIZES_PX, ImageFormat, sizes_of

SAVERS: dict[ImageFormat, tuple[str, dict[str, object]]] = {
    ImageFormat.AVIF: (".avif", {"Q": 50, "effort": 4}),
    ImageFormat.WEBP: (".webp", {"Q": 80}),
    ImageFormat.JPEG: (".jpg", {"Q": 85, "optimize_coding": True}),
}
READ_BACK = (PictureFormat.AVIF, PictureFormat.WEBP, PictureFormat.JPEG)
WHITE = 255
MAX_BANDS = 5
"""The four inks and transparency."""
DRIFT = 16.0
"""How far the mean of a file may lie from what was drawn, in steps of 255: quantising moves it by two or three."""


def open_picture(data: bytes, header: PictureHeader) -> Any:
    """The picture, upright, in sRGB without transparency, at the largest size that is needed. Raises MediaError."""
    allow_loaders(header.format)
    if header.format is PictureFormat.AVIF:
        data = avif.as_still(data)
    try:
        # In memory: what a loader decodes as a whole would else go to a file, which cannot be had behind the fence.
        opened = pyvips.Image.new_from_buffer(data, "", access="sequential", memory=True, fail_on="error")
        _compare(opened, header)
        largest = SIZES_PX[-1]
        drawn = opened.thumbnail_image(largest, height=largest, size="down", output_profile="srgb")
        if drawn.hasalpha():
            drawn = drawn.flatten(background=WHITE)
        # Everything is decoded here, once; what is drawn later is drawn from memory.
        return _srgb(drawn).copy_memory()
    except pyvips.Error as error:
        raise invalid(f"libvips: {_first_line(error)}") from error


def allow_loaders(*formats: PictureFormat) -> None:
    """Allow these and no other; what libvips remembers of earlier pictures is forgotten."""
    pyvips.cache_set_max(0)
    pyvips.concurrency_set(1)
    pyvips.block_untrusted_set(True)  # noqa: FBT003 -- libvips' signature
    pyvips.operation_block_set("VipsForeignLoad", True)  # noqa: FBT003 -- libvips' signature
    for one in formats:
        pyvips.operation_block_set(f"VipsForeignLoad{one.value}", False)  # noqa: FBT003 -- libvips' signature


def draw(picture: Any, target: IO[bytes]) -> Iterator[ImageFile]:
    """Write every size in every format, one file behind the other. Raises RenditionRejected."""
    allow_loaders(*READ_BACK)
    for size_px in sizes_of(picture.width, picture.height):
        scaled = picture.thumbnail_image(size_px, height=size_px, size="down").copy_memory()
        for image_format, (suffix, options) in SAVERS.items():
            written = scaled.write_to_buffer(suffix, keep="none", **options)
            _verify(written, scaled, f"{size_px}.{image_format.value}")
            target.write(written)
            yield ImageFile(
                size_px=size_px,
                image_format=image_format,
                width_px=scaled.width,
                height_px=scaled.height,
                byte_length=len(written),
            )


def thumbnail_pixels(picture: Any) -> npt.NDArray[np.uint8]:
    """The picture in its smallest size, of shape (height, width, 3)."""
    smallest = picture.thumbnail_image(SIZES_PX[0], height=SIZES_PX[0], size="down")
    pixels: npt.NDArray[np.uint8] = np.asarray(smallest.numpy(), dtype=np.uint8)
    return pixels


def _compare(opened: Any, header: PictureHeader) -> None:
    """Hold the header to its claim before a pixel is decoded. Raises MediaError."""
    found, claimed = (opened.width, opened.height), (header.width_px, header.height_px)
    # An AVIF says by a property of its own that it is turned or cropped, and is opened like that.
    short, long = sorted(found)
    fits = short <= min(claimed) and long <= max(claimed)
    if not (fits if header.format is PictureFormat.AVIF else found == claimed):
        raise invalid(f"{opened.width} by {opened.height} pixels where the header claims another size")
    if opened.bands > MAX_BANDS:
        raise invalid(f"{opened.bands} bands")


def _srgb(picture: Any) -> Any:
    """Three bands of 8 bits; a grey picture may still have one."""
    return picture.colourspace("srgb").cast("uchar")


def _verify(written: bytes, drawn: Any, name: str) -> None:
    try:
        again = _srgb(pyvips.Image.new_from_buffer(written, "", fail_on="error")).copy_memory()
    except pyvips.Error as error:
        raise RenditionRejected(name, f"cannot be decoded: {_first_line(error)}") from error
    if (again.width, again.height) != (drawn.width, drawn.height):
        raise RenditionRejected(name, f"has {again.width} by {again.height} pixels")
    drift = abs(again.avg() - drawn.avg())
    if drift > DRIFT:
        raise RenditionRejected(name, f"is {drift:.1f} steps brighter or darker than what was drawn")


def _first_line(error: pyvips.Error) -> str:
    return str(error).strip().splitlines()[-1].strip()
