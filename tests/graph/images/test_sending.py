"""A picture from its announcement to the job that draws it."""

import hashlib
from typing import Any

import aiohttp
import msgspec
import pytest

from graph import ids
from graph.viewer import Role
from ingest.contract import IMAGE_ENTRYPOINT, ImageJob
from tests.graph.images.gallery import ERRORS

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20
IMAGE = "image { id status }"
CREATE = (
    "mutation($in: CreateImageUploadInput!) { createImageUpload(input: $in) {"
    f" {IMAGE} upload {{ method url headers {{ name value }} }} {ERRORS} }} }}"
)
COMPLETE = f"mutation($id: ID!) {{ completeImageUpload(input: {{imageId: $id}}) {{ {IMAGE} {ERRORS} }} }}"


def announcement(content: bytes = PICTURE, **changed: object) -> dict[str, object]:
    return {
        "contentType": "image/png",
        "sizeBytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        **changed,
    }


async def send(upload: dict[str, Any], content: bytes = PICTURE) -> None:
    headers = {header["name"]: header["value"] for header in upload["headers"]}
    async with (
        aiohttp.ClientSession() as session,
        session.request(upload["method"], upload["url"], data=content, headers=headers) as stored,
    ):
        assert stored.status == 200


async def test_picture_is_announced_sent_and_queued_once(ask, artist, pool) -> None:
    created = await ask.data(CREATE, artist, **{"in": announcement()})
    image = created["image"]["id"]
    assert (created["image"]["status"], created["userErrors"]) == ("ANNOUNCED", [])
    early = await ask.data(COMPLETE, artist, id=image)
    assert early == {"image": None, "userErrors": [{"field": ["imageId"], "code": "UPLOAD_MISSING"}]}

    await send(created["upload"])
    kept = {"image": {"id": image, "status": "QUEUED"}, "userErrors": []}
    assert await ask.data(COMPLETE, artist, id=image) == kept
    assert await ask.data(COMPLETE, artist, id=image) == kept
    rows = await pool.fetch("SELECT entrypoint, payload FROM pgqueuer")
    assert [row["entrypoint"] for row in rows] == [IMAGE_ENTRYPOINT]
    assert msgspec.json.decode(rows[0]["payload"], type=ImageJob) == ImageJob(
        image_id=ids.require("Image", image, field=""),
        size_bytes=len(PICTURE),
        sha256=hashlib.sha256(PICTURE).hexdigest(),
    )

    again = await ask.data(CREATE, artist, **{"in": announcement()})
    assert again == {"image": {"id": image, "status": "QUEUED"}, "upload": None, "userErrors": []}


async def test_picture_announced_twice_is_one_image_of_the_account(ask, artist, add_user) -> None:
    first = await ask.data(CREATE, artist, **{"in": announcement()})
    second = await ask.data(CREATE, artist, **{"in": announcement()})
    assert second["image"] == first["image"]
    assert second["upload"] is not None
    other = await ask.data(CREATE, await add_user(Role.ARTIST), **{"in": announcement()})
    assert other["image"]["id"] != first["image"]["id"]


async def test_picture_that_failed_may_be_sent_again(ask, artist, pool) -> None:
    first = await ask.data(CREATE, artist, **{"in": announcement()})
    await pool.execute("UPDATE images SET status = 'failed', failure_code = 'artwork_invalid', expires_at = NULL")
    second = await ask.data(CREATE, artist, **{"in": announcement()})
    assert second["image"]["id"] != first["image"]["id"]
    assert second["image"]["status"] == "ANNOUNCED"


async def test_expired_promise_is_renewed(ask, artist, pool) -> None:
    created = await ask.data(CREATE, artist, **{"in": announcement()})
    await send(created["upload"])
    await pool.execute("UPDATE images SET expires_at = now() - interval '1 second'")
    late = await ask.data(COMPLETE, artist, id=created["image"]["id"])
    assert late["userErrors"] == [{"field": ["imageId"], "code": "UPLOAD_EXPIRED"}]
    await ask.data(CREATE, artist, **{"in": announcement()})
    assert (await ask.data(COMPLETE, artist, id=created["image"]["id"]))["image"]["status"] == "QUEUED"


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        pytest.param({"sizeBytes": 20_000_001}, "sizeBytes", "TOO_LARGE", id="a byte too many"),
        pytest.param({"sizeBytes": 0}, "sizeBytes", "INVALID_VALUE", id="no bytes"),
        pytest.param({"sha256": "00"}, "sha256", "INVALID_VALUE", id="half a digest"),
        pytest.param({"contentType": "png"}, "contentType", "INVALID_VALUE", id="no media type"),
        pytest.param({"contentType": "image/svg+xml"}, "contentType", "UNSUPPORTED_TYPE", id="a drawing"),
        pytest.param({"contentType": "application/pdf"}, "contentType", "UNSUPPORTED_TYPE", id="a document"),
    ],
)
async def test_bad_announcement_changes_nothing(ask, artist, pool, changed, *, field, code) -> None:
    refused = await ask.data(CREATE, artist, **{"in": announcement(**changed)})
    assert refused == {"image": None, "upload": None, "userErrors": [{"field": [field], "code": code}]}
    assert await pool.fetchval("SELECT count(*) FROM images") == 0


async def test_whoever_is_signed_in_uploads_and_only_their_own(ask, artist, add_user, pool) -> None:
    assert await ask.codes(CREATE, None, **{"in": announcement()}) == ["UNAUTHENTICATED"]
    listener = await add_user(Role.LISTENER)
    assert (await ask.data(CREATE, listener, **{"in": announcement()}))["userErrors"] == []
    created = await ask.data(CREATE, artist, **{"in": announcement()})
    await send(created["upload"])
    other = await ask.data(COMPLETE, await add_user(Role.ARTIST), id=created["image"]["id"])
    assert other["userErrors"] == [{"field": ["imageId"], "code": "NOT_FOUND"}]
    assert await pool.fetchval("SELECT count(*) FROM pgqueuer") == 0


async def test_listener_has_a_limited_number_of_images(
    ask, gallery, artist, add_user, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.images.service.MAX_IMAGES_OF_A_LISTENER", 2)
    listener = await add_user(Role.LISTENER)
    for viewer in (listener, artist):
        await gallery.image("failed", owner=viewer)
        await gallery.image(owner=viewer)
    first, last, again = (announcement(), announcement(PICTURE + b"1"), announcement())
    codes = []
    for given in (first, last, again):
        payload = await ask.data(CREATE, listener, **{"in": given})
        codes.append([error["code"] for error in payload["userErrors"]])
    assert codes == [[], ["QUOTA_REACHED"], []]
    for given in (first, last):
        assert (await ask.data(CREATE, artist, **{"in": given}))["userErrors"] == []
