"""A picture where it belongs: on an artist, an album or a track."""

from graph import ids
from graph.keys import new_key
from graph.viewer import Role
from tests.graph.images.gallery import SET

ARTWORK = "query($id: ID!) { node(id: $id) { ... on Illustrated { image { id } } } }"


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
