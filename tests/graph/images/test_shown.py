"""What an image tells of its files, and whom."""

import pytest

from graph import ids
from graph.viewer import Role

SHOW = """
query($id: ID!) { image(id: $id) {
  status failure { code message } width height color placeholder files { size width height format url }
} }
"""
FITTING = """
query($id: ID!, $width: Int!) { image(id: $id) {
  files(formats: [WEBP]) { width mediaType }
  file(width: $width, format: AVIF) { width height format mediaType url }
  srcset(format: WEBP)
  default: file(width: $width) { format }
} }
"""


async def test_ready_image_tells_where_its_files_are(ask, gallery, settings) -> None:
    image = await gallery.image()
    key = ids.require("Image", image, field="")
    shown = await ask.data(SHOW, None, id=image)
    assert (shown["status"], shown["width"], shown["height"], shown["color"]) == ("READY", 90, 60, "#102030")
    assert [(file["size"], file["width"], file["height"], file["format"]) for file in shown["files"]] == [
        *((64, 64, 43, name) for name in ("AVIF", "WEBP", "JPEG")),
        *((300, 90, 60, name) for name in ("AVIF", "WEBP", "JPEG")),
    ]
    assert shown["files"][2]["url"] == f"{settings.media.origin_url}/images/{key}/64.jpeg"


@pytest.mark.parametrize(
    ("width", "fitting"),
    [
        pytest.param(-1, 64, id="no width at all"),
        pytest.param(64, 64, id="the smallest exactly"),
        pytest.param(65, 90, id="a pixel more than the smallest"),
        pytest.param(320, 90, id="more than there is"),
    ],
)
async def test_client_is_told_the_file_for_a_place_of_its_page(
    ask, gallery, settings, width: int, fitting: int
) -> None:
    image = await gallery.image()
    where = f"{settings.media.origin_url}/images/{ids.require('Image', image, field='')}"
    shown = await ask.data(FITTING, None, id=image, width=width)
    assert shown["files"] == [{"width": number, "mediaType": "image/webp"} for number in (64, 90)]
    assert shown["srcset"] == f"{where}/64.webp 64w, {where}/300.webp 90w"
    size, height = {64: (64, 43), 90: (300, 60)}[fitting]
    url = f"{where}/{size}.avif"
    file = {"width": fitting, "height": height, "format": "AVIF", "mediaType": "image/avif", "url": url}
    assert shown["file"] == file
    assert shown["default"] == {"format": "JPEG"}


async def test_image_that_is_not_drawn_has_no_file(ask, gallery, artist) -> None:
    shown = await ask.data(FITTING, artist, id=await gallery.image("processing"), width=1)
    assert shown == {"files": [], "file": None, "srcset": None, "default": None}


async def test_image_is_its_owners_until_it_is_ready(ask, gallery, artist, add_user) -> None:
    image = await gallery.image("failed")
    shown = await ask.data(SHOW, artist, id=image)
    assert shown["failure"]["code"] == "ARTWORK_INVALID"
    assert "JPEG" in shown["failure"]["message"]
    assert shown["files"] == []
    assert await ask.data(SHOW, await add_user(Role.ADMIN), id=image) is not None
    for stranger in (None, await add_user(Role.ARTIST)):
        assert await ask.data(SHOW, stranger, id=image) is None
