"""Drawing: what becomes of good pictures, checked by FFmpeg, and of hostile ones."""

import io
import itertools
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips

from ingest.contract import FailureCode
from ingest.errors import MediaError, RenditionRejected
from ingest.images import drawing
from ingest.images.headers.header import PictureFormat, PictureHeader
from ingest.images.headers.sniff import sniff
from ingest.isolation.children import child
from ingest.isolation.messages import Limits
from ingest.stages.illustrate import illustrate
from ingest.tasks import Illustrate, Illustrated
from origin.image import ImageFormat

LIMITS = Limits(memory_bytes=2 * 1024**3, cpu_s=120, file_bytes=64_000_000)


def draw(data: bytes) -> tuple[Illustrated, list[bytes]]:
    """What is told of the image, and its files."""
    target = io.BytesIO()
    told = illustrate(data, target, lambda _: None)
    ends = list(itertools.accumulate(file.byte_length for file in told.files))
    return told, [target.getvalue()[end - file.byte_length : end] for end, file in zip(ends, told.files, strict=True)]


def refusal(data: bytes) -> str:
    with pytest.raises(MediaError) as raised:
        draw(data)
    assert raised.value.failure is FailureCode.ARTWORK_INVALID
    return raised.value.detail


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "lossless webp", "avif"])
def test_every_format_becomes_every_size(picture, decoded, kind: str) -> None:
    told, files = draw(picture(kind, 400, 200))
    assert [(size.size_px, size.width_px, size.height_px) for size in told.sizes] == [
        (64, 64, 32),
        (300, 300, 150),
        (640, 400, 200),
    ]
    assert [file.image_format for file in told.files] == list(ImageFormat) * 3
    for file, content in zip(told.files, files, strict=True):
        shown = decoded(content).astype(int)
        assert shown.shape == (file.height_px, file.width_px, 3)
        corners = shown[2, 2], shown[2, -3], shown[-3, 2], shown[-3, -3]
        for corner, wanted in zip(corners, ((0, 0), (255, 0), (0, 255), (255, 255)), strict=True):
            assert np.abs(corner - (*wanted, 128)).max() < 60
    assert told.color.startswith("#")
    assert len(told.placeholder) == 28


def test_largest_size_is_1200_and_a_point_is_a_picture(picture) -> None:
    told, _ = draw(picture("jpeg", 2000, 500))
    assert [(size.width_px, size.height_px) for size in told.sizes] == [(64, 16), (300, 75), (640, 160), (1200, 300)]
    told, _ = draw(picture("png", 1, 1))
    assert [(size.size_px, size.width_px, size.height_px) for size in told.sizes] == [(64, 1, 1)]


def test_a_line_keeps_a_row_of_pixels(picture) -> None:
    told, _ = draw(picture("png", 3000, 1))
    assert {(size.height_px) for size in told.sizes} == {1}


def test_only_the_first_picture_of_an_animation_is_drawn(picture, decoded) -> None:
    told, files = draw(picture("gif", 90, 60, frames=3))
    assert [(size.width_px, size.height_px) for size in told.sizes] == [(64, 43), (90, 60)]
    assert decoded(files[2]).shape == (43, 64, 3)


def test_animated_avif_shows_its_first_picture(picture) -> None:
    told, _ = draw(rebranded(picture("avif"), b"avis"))
    assert (told.sizes[-1].width_px, told.sizes[-1].height_px) == (90, 60)


def rebranded(avif: bytes, brand: bytes) -> bytes:
    assert avif[8:12] == b"avif"
    return avif[:8] + brand + avif[12:]


def test_avif_that_says_so_is_turned(picture, decoded) -> None:
    upright = picture("avif", 90, 60)
    at = upright.index(b"\x00\x00\x00\x10pixi")
    turned = upright[:at] + b"\x00\x00\x00\x10irot\x01" + bytes(7) + upright[at + 16 :]  # ISO/IEC 23008-12, 6.5.10
    told, files = draw(turned)
    assert (told.sizes[-1].width_px, told.sizes[-1].height_px) == (60, 90)
    shown = decoded(files[-1]).astype(int)
    assert np.abs(shown[2, 2] - (255, 0, 128)).max() < 60  # a quarter to the left: what was right is up
    assert np.abs(shown[-3, 2] - (0, 0, 128)).max() < 60


def painted(pixels: Any, suffix: str, *, interpretation: str = "srgb", **options: Any) -> bytes:
    image = pyvips.Image.new_from_array(pixels).copy(interpretation=interpretation)
    for name, value in options.pop("fields", {}).items():
        image.set_type(pyvips.GValue.gint_type if isinstance(value, int) else pyvips.GValue.gstr_type, name, value)
    return bytes(image.write_to_buffer(suffix, **options))


def test_orientation_is_applied_and_metadata_is_gone(decoded) -> None:
    left_red = np.zeros((100, 200, 3), dtype=np.uint8)
    left_red[:, :100, 0] = 255
    fields = {"orientation": 6, "exif-ifd0-Artist": "Somebody", "exif-ifd3-GPSLatitude": "48/1 8/1 0/1"}
    source = painted(left_red, ".jpg", fields=fields, Q=95)
    assert b"Somebody" in source
    told, files = draw(source)
    largest = told.sizes[-1]
    assert (largest.width_px, largest.height_px) == (100, 200)  # turned to the right: what was left is up
    shown = decoded(files[-1])
    assert shown[20, 50, 0] > 200
    assert shown[180, 50, 0] < 60
    for content in files:
        assert not any(mark in content for mark in (b"Exif", b"Somebody", b"ICC_PROFILE", b"GPS"))


@pytest.mark.parametrize(
    ("pixels", "suffix", "interpretation", "wanted"),
    [
        pytest.param(np.full((40, 40), 90, np.uint8), ".png", "b-w", (90, 90, 90), id="grey"),
        pytest.param(np.full((40, 40, 2), (0, 0), np.uint8), ".png", "b-w", (255, 255, 255), id="transparent grey"),
        pytest.param(np.full((40, 40, 4), (0, 0, 0, 0), np.uint8), ".png", "srgb", (255, 255, 255), id="transparent"),
        pytest.param(np.full((40, 40, 3), 90 * 257, np.uint16), ".png", "rgb16", (90, 90, 90), id="16 bits"),
        pytest.param(np.full((40, 40, 3), 90 * 257, np.uint16), ".avif", "rgb16", (90, 90, 90), id="12 bits of AVIF"),
        pytest.param(np.full((40, 40, 4), (0, 0, 0, 0), np.uint8), ".jpg", "cmyk", (255, 255, 255), id="ink, none"),
        pytest.param(np.full((40, 40, 4), (0, 0, 0, 255), np.uint8), ".jpg", "cmyk", (38, 34, 38), id="ink, black"),
    ],
)
def test_every_kind_of_pixel_becomes_srgb(decoded, pixels, suffix, interpretation, wanted) -> None:
    _, files = draw(painted(pixels, suffix, interpretation=interpretation))
    for content in files:
        assert np.abs(decoded(content).mean(axis=(0, 1)) - wanted).max() < 8


def test_colours_of_a_wider_space_are_brought_into_srgb(decoded) -> None:
    wide = pyvips.Image.new_from_array(np.full((40, 40, 3), (0, 200, 0), np.uint8)).copy(interpretation="srgb")
    _, files = draw(bytes(wide.write_to_buffer(".png", profile="p3")))
    for content in files:
        red, green, _ = decoded(content).mean(axis=(0, 1))
        assert red < 8  # this green of Display P3 has less than no red in sRGB, and more green
        assert green > 201


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "lossless webp", "gif", "avif"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_cut_picture_is_refused_not_shown_half(picture, kind: str, share: float) -> None:
    data = picture(kind, 300, 200)
    assert refusal(data[: int(len(data) * share)])


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, content: bytes) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", content) + chunk(b"IEND", b"")


HOSTILE = {
    "a PNG without its pixels": png(100, 100, b""),
    "a PNG with a row of its hundred": png(100, 100, zlib.compress(bytes(301))),
    "a PNG of noise": png(100, 100, bytes(range(256))),
    "a header of PNG before CSV": b"\x89PNG\r\n\x1a\n" + b"1,2,3\n" * 20,
    "a header of PNG before SVG": b"\x89PNG\r\n\x1a\n" + b"<svg xmlns='http://www.w3.org/2000/svg'/>" * 3,
    "a header of JPEG before nothing": b"\xff\xd8\xff\xc0\x00\x11\x08\x00\x40\x00\x40\x03"
    + bytes(9)
    + b"\xff\xda\x00\x02",
    "a header of WebP before nothing": b"RIFF\x1e\x00\x00\x00WEBPVP8L\x11\x00\x00\x00\x2f\x3f\xc0\x0f\x00" + bytes(12),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_claims_without_a_picture_are_refused(data: bytes) -> None:
    assert refusal(data)


def test_nothing_of_a_polyglot_goes_on(picture) -> None:
    payload = b"PK\x03\x04<script>alert(1)</script>"
    told, files = draw(picture("png", 80, 80) + payload)
    assert told.sizes[-1].width_px == 80
    assert not any(b"script" in content for content in files)


@pytest.mark.parametrize(("kind", "claim"), [("png", (90, 61)), ("avif", (89, 60)), ("avif", (60, 60))])
def test_picture_that_is_not_as_claimed_is_refused_before_it_is_decoded(picture, kind: str, claim) -> None:
    claimed = PictureHeader(format=sniff(picture(kind)).format, width_px=claim[0], height_px=claim[1])
    with pytest.raises(MediaError, match="90 by 60 pixels where the header claims another size"):
        drawing.open_picture(picture(kind, 90, 60), claimed)


def test_header_that_lies_about_its_picture_is_refused(picture) -> None:
    small, large = picture("avif", 64, 64), struct.pack(">II", 64, 64)
    assert small.count(large) == 1
    refusal(small.replace(large, struct.pack(">II", 4000, 4000)))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"1,2,3\n4,5,6\n", id="CSV"),
        pytest.param(b"2 2\n1 2\n3 4\n", id="a matrix"),
        pytest.param(b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', id="SVG"),
        pytest.param(
            b"GIF89a\x01\x00\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x01\x00\x00;", id="GIF"
        ),
    ],
)
def test_no_loader_opens_but_the_one_that_is_allowed(tmp_path: Path, data: bytes) -> None:
    drawing.allow_loaders(PictureFormat.PNG)
    with pytest.raises(pyvips.Error):
        pyvips.Image.new_from_buffer(data, "")
    for suffix in (".csv", ".mat", ".v", ".svg", ".png"):
        (tmp_path / f"file{suffix}").write_bytes(data)
        with pytest.raises(pyvips.Error):
            pyvips.Image.new_from_file(str(tmp_path / f"file{suffix}"))


def test_file_that_cannot_be_read_back_is_rejected(picture, monkeypatch) -> None:
    monkeypatch.setitem(drawing.SAVERS, ImageFormat.JPEG, (".tif", {}))
    with pytest.raises(RenditionRejected, match=r"64\.jpeg"):
        draw(picture("png"))


def test_file_of_another_brightness_is_rejected() -> None:
    dark = bytes(pyvips.Image.black(64, 43, bands=3).copy(interpretation="srgb").write_to_buffer(".jpg"))
    drawing.allow_loaders(PictureFormat.JPEG)
    bright = (pyvips.Image.black(64, 43, bands=3) + 200).cast("uchar").copy(interpretation="srgb")
    with pytest.raises(RenditionRejected, match="darker"):
        drawing._verify(dark, bright, "64.jpeg")


async def unwatched(_fraction: float) -> None:
    pass


async def test_child_draws_behind_the_fence_within_its_limits(tmp_path: Path, picture: Callable[..., bytes]) -> None:
    source, files = tmp_path / "picture", tmp_path / "files"
    source.write_bytes(picture("png", 700, 700))
    async with child(LIMITS, tmp_path) as drawer:
        told = await drawer.run(Illustrate(picture_path=str(source), files_path=str(files)), unwatched)
    assert sum(file.byte_length for file in told.files) == files.stat().st_size
    assert len(told.files) == 12


async def test_format_that_is_decoded_as_a_whole_needs_no_file_for_it(tmp_path: Path) -> None:
    """Above 100 MB of pixels libvips would put them on the disk, where the fence is."""
    source = tmp_path / "picture"
    black = pyvips.Image.black(6000, 6000, bands=3).copy(interpretation="srgb")
    source.write_bytes(black.write_to_buffer(".webp", lossless=True, effort=0))
    async with child(LIMITS, tmp_path) as drawer:
        told = await drawer.run(Illustrate(picture_path=str(source), files_path=str(tmp_path / "files")), unwatched)
    assert told.color == "#000000"


async def test_bomb_is_refused_by_the_child_without_being_opened(tmp_path: Path) -> None:
    source = tmp_path / "picture"
    source.write_bytes(png(12_000, 12_000, zlib.compress(bytes(12_000 * 36_001 // 100))))
    async with child(LIMITS, tmp_path) as drawer:
        with pytest.raises(MediaError, match="12000 by 12000"):
            await drawer.run(Illustrate(picture_path=str(source), files_path=str(tmp_path / "files")), unwatched)
