"""Images from outside: announcing, sending and completing a picture, and putting it where it belongs."""

import hashlib
from typing import Any
from uuid import UUID

import aiohttp
import msgspec
import pytest

from config.postgres import Pool
from graph import ids
from graph.keys import new_key
from graph.viewer import Role, Viewer
from ingest.contract import IMAGE_ENTRYPOINT, ImageJob, Tags

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20
ERRORS = "userErrors { field code }"
IMAGE = "image { id status }"
CREATE = (
    "mutation($in: CreateImageUploadInput!) { createImageUpload(input: $in) {"
    f" {IMAGE} upload {{ method url headers {{ name value }} }} {ERRORS} }} }}"
)
COMPLETE = f"mutation($id: ID!) {{ completeImageUpload(input: {{imageId: $id}}) {{ {IMAGE} {ERRORS} }} }}"
SET = (
    "mutation($subject: ID!, $image: ID) { setArtwork(input: {subjectId: $subject, imageId: $image}) {"
    f" subject {{ id image {{ id }} }} {ERRORS} }} }}"
)
SHOW = """
query($id: ID!) { image(id: $id) {
  status failure { code message } width height color placeholder files { size width height format url }
} }
"""
ARTWORK = "query($id: ID!) { node(id: $id) { ... on Illustrated { image { id } } } }"


def announcement(content: bytes = PICTURE, **changed: object) -> dict[str, object]:
    return {
        "contentType": "image/png",
        "sizeBytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        **changed,
    }


@pytest.fixture
async def artist(add_user) -> Viewer:
    viewer: Viewer = await add_user(Role.ARTIST)
    return viewer


class Gallery:
    """Rows of images and of what shows them."""

    def __init__(self, pool: Pool, owner: Viewer) -> None:
        self.pool = pool
        self.owner = owner

    async def image(self, status: str = "ready", *, owner: Viewer | None = None) -> str:
        key = new_key()
        await self.pool.execute(
            "INSERT INTO images (id, owner_id, status, size_bytes, sha256, failure_code, expires_at, width_px,"
            " height_px, color, placeholder, sizes) VALUES ($1, $2, $3, 1, $4,"
            " CASE $3 WHEN 'failed' THEN 'artwork_invalid' END, CASE $3 WHEN 'announced' THEN now() END, 90, 60,"
            " '#102030', 'L00000fQfQfQfQfQfQfQfQfQfQfQ', $5)",
            key,
            (owner or self.owner).user_id,
            status,
            hashlib.sha256(key.bytes).digest(),
            '[{"size_px": 64, "width_px": 64, "height_px": 43}, {"size_px": 300, "width_px": 90, "height_px": 60}]',
        )
        return ids.encode("Image", key)

    async def album(self, *, tracks: int = 1) -> tuple[str, str, list[str]]:
        """An artist with an album of ready tracks; global ids."""
        artist, album = new_key(), new_key()
        await self.pool.execute(
            "INSERT INTO artists (id, owner_id, name, search_text) VALUES ($1, $2, 'Band', 'band')",
            artist,
            self.owner.user_id,
        )
        await self.pool.execute(
            "INSERT INTO albums (id, artist_id, title, search_text) VALUES ($1, $2, 'Rivers', 'rivers')", album, artist
        )
        keys = [await self._track(artist, album) for _ in range(tracks)]
        return ids.encode("Artist", artist), ids.encode("Album", album), [ids.encode("Track", key) for key in keys]

    async def _track(self, artist: UUID, album: UUID) -> UUID:
        track, asset, upload = new_key(), new_key(), new_key()
        await self.pool.execute(
            "INSERT INTO tracks (id, artist_id, album_id, title, search_text, asset_id)"
            " VALUES ($1, $2, $3, 'Tune', 'tune', $4)",
            track,
            artist,
            album,
            asset,
        )
        await self.pool.execute(
            "INSERT INTO uploads (id, user_id, track_id, object_key, file_name, content_type, size_bytes, sha256,"
            " expires_at) VALUES ($1, $2, $3, $4, 'a.wav', 'audio/wav', 1, $5, now())",
            upload,
            self.owner.user_id,
            track,
            f"uploads/{upload}",
            bytes(32),
        )
        await self.pool.execute(
            "INSERT INTO assets (asset_id, revision, upload_id, status, duration_ms) VALUES ($1, 1, $2, 'ready', 1)",
            asset,
            upload,
        )
        return track


@pytest.fixture
def gallery(app, pool, artist) -> Gallery:
    assert app is not None
    return Gallery(pool, artist)


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


async def test_ready_image_tells_where_its_files_are(ask, gallery, settings) -> None:
    image = await gallery.image()
    key = ids.require("Image", image, field="")
    shown = await ask.data(SHOW, None, id=image)
    assert (shown["status"], shown["width"], shown["height"], shown["color"]) == ("READY", 90, 60, "#102030")
    assert [(file["size"], file["width"], file["height"], file["format"]) for file in shown["files"]] == [
        *((64, 64, 43, name) for name in ("AVIF", "WEBP", "JPEG")),
        *((300, 90, 60, name) for name in ("AVIF", "WEBP", "JPEG")),
    ]
    assert shown["files"][2]["url"] == f"{settings.origin_url}/images/{key}/64.jpeg"


FITTING = """
query($id: ID!, $width: Int!) { image(id: $id) {
  files(formats: [WEBP]) { width mediaType }
  file(width: $width, format: AVIF) { width height format mediaType url }
  srcset(format: WEBP)
  default: file(width: $width) { format }
} }
"""


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
    where = f"{settings.origin_url}/images/{ids.require('Image', image, field='')}"
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


async def test_image_is_its_owners_until_it_is_ready(ask, gallery, artist, add_user) -> None:
    image = await gallery.image("failed")
    shown = await ask.data(SHOW, artist, id=image)
    assert shown["failure"]["code"] == "ARTWORK_INVALID"
    assert "JPEG" in shown["failure"]["message"]
    assert shown["files"] == []
    assert await ask.data(SHOW, await add_user(Role.ADMIN), id=image) is not None
    for stranger in (None, await add_user(Role.ARTIST)):
        assert await ask.data(SHOW, stranger, id=image) is None


async def test_track_shows_its_own_artwork_or_that_of_its_album(ask, gallery, artist) -> None:
    _, album, (track, _) = await gallery.album(tracks=2)
    on_album, on_track = await gallery.image(), await gallery.image()
    assert await ask.data(SET, artist, subject=album, image=on_album) == {
        "subject": {"id": album, "image": {"id": on_album}},
        "userErrors": [],
    }
    assert await ask.data(ARTWORK, None, id=track) == {"image": {"id": on_album}}
    await ask.data(SET, artist, subject=track, image=on_track)
    assert await ask.data(ARTWORK, None, id=track) == {"image": {"id": on_track}}
    await ask.data(SET, artist, subject=track, image=None)
    assert await ask.data(ARTWORK, None, id=track) == {"image": {"id": on_album}}


async def test_artwork_is_shown_once_it_is_ready(ask, gallery, artist, pool) -> None:
    performer, _, _ = await gallery.album()
    image = await gallery.image("processing")
    assert (await ask.data(SET, artist, subject=performer, image=image))["subject"] == {"id": performer, "image": None}
    await pool.execute("UPDATE images SET status = 'ready'")
    assert await ask.data(ARTWORK, None, id=performer) == {"image": {"id": image}}


async def test_artwork_is_refused_and_nothing_changes(ask, gallery, artist, add_user, pool) -> None:
    performer, album, _ = await gallery.album()
    image, other = await gallery.image(), await add_user(Role.ARTIST)
    assert await ask.codes(SET, None, subject=album, image=image) == ["UNAUTHENTICATED"]
    assert await ask.codes(SET, other, subject=album, image=image) == ["FORBIDDEN"]
    for subject, given, field, code in (
        ("no id", image, "subjectId", "NOT_FOUND"),
        (ids.encode("User", artist.user_id), image, "subjectId", "NOT_FOUND"),
        (ids.encode("Album", new_key()), image, "subjectId", "NOT_FOUND"),
        (album, performer, "imageId", "NOT_FOUND"),
        (album, ids.encode("Image", new_key()), "imageId", "NOT_FOUND"),
        (album, await gallery.image(owner=other), "imageId", "NOT_FOUND"),
        (album, await gallery.image("announced"), "imageId", "UPLOAD_MISSING"),
        (album, await gallery.image("failed"), "imageId", "IMAGE_FAILED"),
    ):
        refused = await ask.data(SET, artist, subject=subject, image=given)
        assert refused == {"subject": None, "userErrors": [{"field": [field], "code": code}]}
    assert await pool.fetchval("SELECT count(*) FROM albums WHERE image_id IS NOT NULL") == 0


async def test_artwork_of_a_whole_page_is_one_statement(ask, gallery, artist, counting) -> None:
    _, album, tracks = await gallery.album(tracks=5)
    for track in tracks:
        await ask.data(SET, artist, subject=track, image=await gallery.image())
    page = "query($id: ID!) { album(id: $id) { image { id } tracks { edges { node { image { files { url } } } } } } }"
    async with counting() as statements:
        shown = await ask.data(page, None, id=album)
    assert all(len(edge["node"]["image"]["files"]) == 6 for edge in shown["tracks"]["edges"])
    assert len(statements) == 2  # the album, and its tracks with their images


PROPOSAL = """
query($id: ID!) { track(id: $id) { proposal {
  tags { title artists date isrc musicbrainzRecordingId syncedLyrics { startMs text } } image { id status }
} } }
"""


async def test_proposal_is_for_those_who_manage_the_track(ask, gallery, artist, add_user, pool) -> None:
    _, _, (track,) = await gallery.album()
    image = await gallery.image("failed")
    tags = Tags(title="River", artists=("Ada",), date="2024", isrc="GBAYE6900531")
    await pool.execute(
        "UPDATE assets SET proposed_tags = $1, proposed_image_id = $2",
        msgspec.json.encode(tags).decode(),
        ids.require("Image", image, field=""),
    )
    wanted = {
        "tags": {
            "title": "River",
            "artists": ["Ada"],
            "date": "2024",
            "isrc": "GBAYE6900531",
            "musicbrainzRecordingId": None,
            "syncedLyrics": [],
        },
        "image": {"id": image, "status": "FAILED"},
    }
    for manager in (artist, await add_user(Role.ADMIN)):
        assert await ask.data(PROPOSAL, manager, id=track) == {"proposal": wanted}
    for stranger in (None, await add_user(Role.ARTIST)):
        assert await ask.data(PROPOSAL, stranger, id=track) == {"proposal": None}


UPDATE_TRACK = """
mutation($in: UpdateTrackInput!) { updateTrack(input: $in) { track { title isrc trackNumber } userErrors { code } } }
"""


async def test_artist_takes_over_what_is_proposed(ask, gallery, artist, pool) -> None:
    _, _, (track,) = await gallery.album()
    image = await gallery.image()
    tags = Tags(title="River", isrc="GBAYE6900531", track_number=7)
    await pool.execute(
        "UPDATE assets SET proposed_tags = $1, proposed_image_id = $2",
        msgspec.json.encode(tags).decode(),
        ids.require("Image", image, field=""),
    )
    untouched = "query($id: ID!) { track(id: $id) { title isrc trackNumber image { id } } }"
    assert await ask.data(untouched, None, id=track) == {
        "title": "Tune",
        "isrc": None,
        "trackNumber": None,
        "image": None,
    }
    proposed = await ask.data(
        "query($id: ID!) { track(id: $id) { proposal { tags { title isrc trackNumber } image { id } } } }",
        artist,
        id=track,
    )
    found = proposed["proposal"]
    await ask.data(UPDATE_TRACK, artist, **{"in": {"trackId": track, **found["tags"]}})
    await ask.data(SET, artist, subject=track, image=found["image"]["id"])
    assert await ask.data(untouched, None, id=track) == {
        "title": "River",
        "isrc": "GBAYE6900531",
        "trackNumber": 7,
        "image": {"id": image},
    }


async def test_master_without_tags_proposes_nothing(ask, gallery, artist) -> None:
    _, _, (track,) = await gallery.album()
    assert await ask.data(PROPOSAL, artist, id=track) == {"proposal": {"tags": None, "image": None}}
