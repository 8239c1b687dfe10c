import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.contract import MAX_PICTURE_BYTES, FailureCode
from ingest.errors import MediaError
from ingest.images.headers.header import PictureFormat, PictureHeader
from ingest.images.headers.sniff import sniff

KINDS = {
    "jpeg": PictureFormat.JPEG,
    "png": PictureFormat.PNG,
    "webp": PictureFormat.WEBP,
    "lossless webp": PictureFormat.WEBP,
    "gif": PictureFormat.GIF,
    "avif": PictureFormat.AVIF,
}


def refusal(data: bytes) -> str:
    with pytest.raises(MediaError) as raised:
        sniff(data)
    assert raised.value.failure is FailureCode.ARTWORK_INVALID
    return raised.value.detail


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("width", "height"), [(90, 60), (64, 300)])
def test_dimensions_are_those_of_the_encoder(picture: Callable[..., bytes], kind: str, width: int, height: int) -> None:
    assert sniff(picture(kind, width, height)) == PictureHeader(format=KINDS[kind], width_px=width, height_px=height)


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", width, height, 8, 2, 0, 0, 0)


def box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), name) + body


def avif(*extents: tuple[int, int], brand: bytes = b"avif") -> bytes:
    properties = b"".join(box(b"ispe", bytes(4) + struct.pack(">II", *sides)) for sides in extents)
    meta = box(b"meta", bytes(4) + box(b"hdlr", bytes(24)) + box(b"iprp", box(b"ipco", properties)))
    return box(b"ftyp", b"mif1" + bytes(4) + b"mif1" + brand) + meta


def gif(screen: tuple[int, int], place: tuple[int, int, int, int]) -> bytes:
    comment = b"\x21\xfe\x03abc\x00"
    return b"GIF89a" + struct.pack("<HHBBB", *screen, 0, 0, 0) + comment + b"\x2c" + struct.pack("<HHHHB", *place, 0)


def jpeg(*frames: tuple[int, int], components: int = 3) -> bytes:
    return (
        b"\xff\xd8\xff\xe0\x00\x04ab"
        + b"".join(
            b"\xff\xff\xc0"
            + struct.pack(">HBHHB", 8 + 3 * components, 8, height, width, components)
            + bytes(3 * components)
            for width, height in frames
        )
        + b"\xff\xda\x00\x02"
    )


WITHIN = {
    "the longest side": png(10_000, 4_000),
    "tiles and the whole": avif((64, 64), (640, 480)),
    "a picture within the screen of a GIF": gif((640, 480), (10, 10, 20, 20)),
    "padding before a JPEG's marker": jpeg((640, 480)),
}


@pytest.mark.parametrize("data", WITHIN.values(), ids=WITHIN.keys())
def test_takes_what_is_within_the_limits(data: bytes) -> None:
    found = sniff(data)
    assert (found.width_px, found.height_px) in ((640, 480), (10_000, 4_000))


BEYOND = {
    "nothing": b"",
    "a side of 10,001": png(10_001, 1),
    "forty megapixels and a row": png(8_000, 5_001),
    "the bomb": png(12_000, 12_000),
    "no pixels": png(0, 10),
    "no width, by the sign bit": png(2**31, 10),
    "an AVIF that claims 16 by 17,000": avif((16, 17_000)),
    "an AVIF of small tiles that claims a large whole": avif((512, 512), (16_384, 16_384)),
    "an AVIF without extents": avif(),
    "HEIC": avif((640, 480), brand=b"heic"),
    "a GIF whose picture stands out of its screen": gif((16, 16), (0, 9_000, 10, 2_000)),
    "a GIF of nothing but its screen": b"GIF89a" + struct.pack("<HHBBB", 16, 16, 0, 0, 0) + b"\x3b",
    "a JPEG of two frames": jpeg((640, 480), (9_000, 9_000)),
    "a JPEG without a frame": jpeg(),
    "a JPEG of two components": jpeg((640, 480), components=2),
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="1" height="1"/></svg>',
    "SVG behind an XML declaration": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
    "CSV": b"1,2,3\n4,5,6\n",
    "a matrix": b"3 1\n1 2 3\n",
    "a file of libvips": b"\xb6\xa6\xf2\x08" + bytes(60),
    "TIFF": b"II*\x00\x08\x00\x00\x00" + bytes(20),
    "PDF": b"%PDF-1.7\n" + bytes(30),
    "PostScript": b"%!PS-Adobe-3.0\n",
    "JPEG XL": b"\xff\x0a" + bytes(30),
    "an ImageMagick script": b"push graphic-context\nviewbox 0 0 640 480\n",
    "WebM": b"\x1a\x45\xdf\xa3" + bytes(30),
    "WAVE, which is RIFF as well": b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(20),
    "a WebP that begins with its metadata": b"RIFF\x24\x00\x00\x00WEBPEXIF" + bytes(20),
    "twenty megabytes and a byte": png(10, 10) + bytes(MAX_PICTURE_BYTES),
}


@pytest.mark.parametrize("data", BEYOND.values(), ids=BEYOND.keys())
def test_refuses_everything_else(data: bytes) -> None:
    assert refusal(data)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_header_is_refused_or_tells_the_same(picture: Callable[..., bytes], kind: str) -> None:
    data = picture(kind)
    whole = sniff(data)
    for length in range(min(len(data), 700)):
        try:
            assert sniff(data[:length]) == whole
        except MediaError as error:
            assert error.failure is FailureCode.ARTWORK_INVALID  # noqa: PT017 -- either outcome is right


OPENINGS = [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBPVP8X", b"GIF89a", avif((4, 4))[:60]]


@given(st.sampled_from(OPENINGS), st.binary(max_size=200))
def test_any_bytes_give_a_header_or_our_error(opening: bytes, rest: bytes) -> None:
    try:
        sniff(opening + rest)
    except MediaError as error:
        assert error.failure is FailureCode.ARTWORK_INVALID  # noqa: PT017 -- either outcome is right
