"""Sniffing: tell what a picture is by its own bytes, before any library may open it.

The file's name and content type decide nothing; whatever is not one of these formats is refused, so that a drawing, a
table or a library's own format dressed up as a picture reaches no loader.

Not here: decoding, and the comparison of the claim with what is decoded (`ingest.images.drawing`).
"""

from __future__ import annotations

from ingest.contract import MAX_PICTURE_BYTES
from ingest.images.headers import avif, gif, jpeg, png, webp
from ingest.images.headers.header import PictureHeader, invalid

PARSERS = (
    (jpeg.matches, jpeg.parse),
    (png.matches, png.parse),
    (webp.matches, webp.parse),
    (avif.matches, avif.parse),
    (gif.matches, gif.parse),
)


def sniff(data: bytes) -> PictureHeader:
    """Return what the header claims. Raises MediaError, and nothing else, whatever the bytes are."""
    if len(data) > MAX_PICTURE_BYTES:
        raise invalid(f"{len(data)} bytes are more than {MAX_PICTURE_BYTES}")
    for matches, parse in PARSERS:
        if matches(data):
            return parse(data)
    raise invalid(f"begins with {data[:12]!r}")
