"""Images: which sizes a picture has, and how the origin serves them without a token."""

from collections.abc import Callable
from uuid import UUID

import pytest

from origin.descriptors import Descriptors
from origin.errors import NotThere, Refused, StoreAway
from origin.exchange import Answer, Request
from origin.image import ImageFormat, ImageSize, image_key, image_url, sizes_of, source_key
from origin.lookup import Lookup
from origin.protected import Protected
from origin.protection.derived import DerivedKeys
from origin.reads.cache import Cache
from origin.routes import ImageRoute, parse
from origin.service import Service

IMAGE = UUID("0192f3a0-7c1e-7b4a-9d55-3f1c2b7a6e01")
PATH = f"/images/{IMAGE}/300.avif"
CONTENT = b"\0\0\0\x1cftypavif and so on"


@pytest.mark.parametrize(
    ("width", "height", "sizes"),
    [
        pytest.param(1, 1, (64,), id="a pixel"),
        pytest.param(64, 64, (64,), id="exactly the smallest size"),
        pytest.param(65, 10, (64, 300), id="one pixel more along one edge"),
        pytest.param(500, 500, (64, 300, 640), id="between two sizes"),
        pytest.param(10, 640, (64, 300, 640), id="tall"),
        pytest.param(1200, 900, (64, 300, 640, 1200), id="exactly the largest"),
        pytest.param(9000, 4000, (64, 300, 640, 1200), id="beyond the largest"),
    ],
)
def test_sizes_go_up_to_the_first_that_holds_the_picture(width: int, height: int, sizes: tuple[int, ...]) -> None:
    assert sizes_of(width, height) == sizes


@pytest.mark.parametrize(("size", "width", "height"), [(300, 301, 300), (300, 0, 300), (299, 299, 299)])
def test_size_that_is_none_is_no_record(size: int, width: int, height: int) -> None:
    with pytest.raises(ValueError, match="size"):
        ImageSize(size_px=size, width_px=width, height_px=height)


def test_urls_are_keys_behind_the_origin() -> None:
    assert image_url("https://o.example", IMAGE, 64, ImageFormat.JPEG) == f"https://o.example/images/{IMAGE}/64.jpeg"
    assert image_key(IMAGE, 640, ImageFormat.WEBP) == f"images/{IMAGE}/640.webp"


@pytest.mark.parametrize("image_format", ImageFormat)
def test_path_is_taken_apart(image_format: ImageFormat) -> None:
    path = f"/{image_key(IMAGE, 1200, image_format)}"
    assert parse(path.encode()) == ImageRoute(image_id=IMAGE, size_px=1200, image_format=image_format)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(f"/{source_key(IMAGE)}", id="the picture as it was sent"),
        pytest.param(f"/images/{IMAGE}/064.avif", id="a leading zero"),
        pytest.param(f"/images/{IMAGE}/64.png", id="another format"),
        pytest.param(f"/images/{IMAGE}/64.jpg", id="another spelling"),
        pytest.param(f"/images/{IMAGE}/64.avif/", id="a slash at the end"),
        pytest.param(f"/images/{str(IMAGE).upper()}/64.avif", id="a capital UUID"),
        pytest.param(f"/images/../images/{IMAGE}/64.avif", id="a climb"),
        pytest.param(f"/token/images/{IMAGE}/64.avif", id="behind a token"),
        pytest.param("/images/64.avif", id="no id"),
    ],
)
def test_other_shapes_are_refused(path: str) -> None:
    with pytest.raises(Refused):
        parse(path.encode())


class FakeStore:
    def __init__(self) -> None:
        self.objects = {image_key(IMAGE, 300, ImageFormat.AVIF): CONTENT}
        self.away = False

    async def image(self, image_id, size_px, image_format):
        key = image_key(image_id, size_px, image_format)
        if self.away:
            raise StoreAway("10.0.0.7 refused")
        if key not in self.objects:
            raise NotThere(key)
        return self.objects[key]

    async def asset(self, asset_id, revision):
        raise NotThere(f"{asset_id}/{revision}")

    async def read(self, file, span):
        raise NotThere(f"{file.key}: {span}")

    async def ping(self):
        pass


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def ask(store: FakeStore) -> Callable:
    service = Service(
        store=store,
        lookup=Lookup(
            store=store,
            descriptors=Descriptors(store.asset, room_bytes=0),
            protected=Protected(provider=DerivedKeys(bytes(32)), cache=Cache(0), segments_per_period=None),
            keys={},
            manifest_max_age_s=20,
            clock=lambda: 0.0,
        ),
    )

    async def ask(path: str = PATH, *, method: str = "GET", **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await service.answer(Request(method=method, raw_path=path.encode(), headers=named))

    return ask


async def test_image_is_for_everybody_and_for_good(ask) -> None:
    answer = await ask()
    assert (answer.status, answer.body) == (200, CONTENT)
    assert answer.headers["content-type"] == "image/avif"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["content-length"] == str(len(CONTENT))


async def test_head_and_known_etag_have_no_body(ask) -> None:
    answer = await ask()
    head = await ask(method="HEAD")
    assert (head.status, head.body, dict(head.headers)) == (200, b"", dict(answer.headers))
    known = await ask(if_none_match=answer.headers["etag"])
    assert (known.status, known.body) == (304, b"")


async def test_etag_is_of_the_bytes(ask, store) -> None:
    before = (await ask()).headers["etag"]
    store.objects = dict.fromkeys(store.objects, CONTENT + b"!")
    assert (await ask()).headers["etag"] != before


@pytest.mark.parametrize("path", [PATH.replace("300", "500"), PATH.replace("6e01", "6e02")], ids=["size", "image"])
async def test_what_is_not_there_is_not_kept_by_caches(ask, path: str) -> None:
    answer = await ask(path)
    assert (answer.status, answer.headers["cache-control"]) == (404, "no-store")


async def test_store_away_is_told(ask, store) -> None:
    store.away = True
    assert (await ask()).status == 503


async def test_other_methods_are_refused(ask) -> None:
    assert (await ask(method="PUT")).status == 405
