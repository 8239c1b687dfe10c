"""Share links: one for each thing, leading to what the follower may see, with a page on the web."""

from datetime import timedelta
from typing import Any

import pytest

from graph import ids
from graph.catalog.deletion import delete_track
from graph.keys import new_key
from graph.playlists.service import create_playlist
from graph.sharing.page import GONE_MAX_AGE_S, MAX_AGE_S, MISSING_MAX_AGE_S
from graph.sharing.slugs import LENGTH, is_slug, new_slug
from graph.viewer import Role, Viewer

CREATE = (
    "mutation($id: ID!) { createShareLink(input: {subjectId: $id}) { shareLink { slug url node { id } }"
    " userErrors { field code } } }"
)
FOLLOW = "query($slug: String!) { shareLink(slug: $slug) { slug node { __typename id } } }"


@pytest.fixture
async def artist(add_user) -> Viewer:
    return await add_user(Role.ARTIST)


@pytest.fixture
async def track(add_track, artist) -> Any:
    return await add_track(artist, ready=181_600)


async def slug_of(ask, viewer: Viewer, type_name: str, key: Any) -> str:
    made = await ask.data(CREATE, viewer, id=ids.encode(type_name, key))
    assert made["userErrors"] == []
    slug: str = made["shareLink"]["slug"]
    return slug


def test_slugs_are_short_and_never_the_same() -> None:
    made = {new_slug() for _ in range(1000)}
    assert len(made) == 1000
    assert all(map(is_slug, made))
    for other in ("", "a" * 33, "a-b", "é" * LENGTH, "a" * LENGTH + "\n"):
        assert not is_slug(other)


async def test_one_thing_has_one_link_whoever_asks(ask, add_user, artist, track, settings) -> None:
    made = await ask.data(CREATE, await add_user(Role.LISTENER), id=ids.encode("Track", track))
    slug = made["shareLink"]["slug"]
    assert made == {
        "shareLink": {
            "slug": slug,
            "url": f"{settings.share_url}/s/{slug}",
            "node": {"id": ids.encode("Track", track)},
        },
        "userErrors": [],
    }
    assert await slug_of(ask, artist, "Track", track) == slug
    assert await ask.data(FOLLOW, None, slug=slug) == {
        "slug": slug,
        "node": {"__typename": "Track", "id": ids.encode("Track", track)},
    }


async def test_what_not_everybody_sees_is_not_shared(ask, pool, add_user, add_track, artist) -> None:
    owner, other = await add_user(Role.LISTENER), await add_user(Role.LISTENER)
    private = ids.encode("Playlist", await create_playlist(pool, owner, name="P", description="", public=False))
    unready = ids.encode("Track", await add_track(artist))
    withdrawn = await add_track(artist, ready=1000)
    await pool.execute("UPDATE tracks SET withdrawn_at = now() WHERE id = $1", withdrawn)
    for viewer, subject, code in (
        (owner, private, "NOT_SHAREABLE"),
        (other, private, "NOT_FOUND"),
        (artist, unready, "NOT_SHAREABLE"),
        (other, unready, "NOT_FOUND"),
        (artist, ids.encode("Track", withdrawn), "NOT_SHAREABLE"),
        (other, ids.encode("User", owner.user_id), "NOT_FOUND"),
        (other, ids.encode("Album", new_key()), "NOT_FOUND"),
        (other, "x", "NOT_FOUND"),
    ):
        made = await ask.data(CREATE, viewer, id=subject)
        assert made == {"shareLink": None, "userErrors": [{"field": ["subjectId"], "code": code}]}
    assert await ask.codes(CREATE, None, id=unready) == ["UNAUTHENTICATED"]
    assert await pool.fetchval("SELECT count(*) FROM share_links") == 0


async def test_a_link_gives_nobody_a_right(ask, pool, add_user) -> None:
    owner = await add_user(Role.LISTENER)
    key = await create_playlist(pool, owner, name="Evening", description="", public=True)
    slug = await slug_of(ask, owner, "Playlist", key)
    assert (await ask.client.get(f"/s/{slug}")).status_code == 200
    await pool.execute("UPDATE playlists SET public = false")
    assert await ask.data(FOLLOW, None, slug=slug) == {"slug": slug, "node": None}
    assert (await ask.data(FOLLOW, owner, slug=slug))["node"]["id"] == ids.encode("Playlist", key)
    hidden = await ask.client.get(f"/s/{slug}")
    assert (hidden.status_code, "Evening" in hidden.text) == (404, False)


async def test_there_is_no_link_of_a_slug_that_nobody_made(ask) -> None:
    for slug in (new_slug(), "x", "'; DROP TABLE share_links", "a" * 5000):
        assert await ask.data(FOLLOW, None, slug=slug) is None
    for slug in (new_slug(), "x", "%00" * LENGTH, "a" * 5000):
        assert (await ask.client.get(f"/s/{slug}")).status_code == 404


async def test_a_page_may_be_kept_and_is_not_sent_twice(ask, artist, track) -> None:
    slug = await slug_of(ask, artist, "Track", track)
    first = await ask.client.get(f"/s/{slug}")
    assert (first.status_code, first.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert first.headers["cache-control"] == f"public, max-age={MAX_AGE_S}"
    assert "default-src 'none'" in first.headers["content-security-policy"]
    assert '<meta property="og:title" content="Tune">' in first.text
    assert '<meta property="music:duration" content="182">' in first.text
    assert "Track by Band" in first.text
    again = await ask.client.get(f"/s/{slug}", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    head = await ask.client.head(f"/s/{slug}")
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", first.headers["etag"])
    changed = await ask.client.get(f"/s/{slug}", headers={"if-none-match": '"another"'})
    assert changed.status_code == 200


async def test_a_page_has_the_picture_and_its_names_are_no_markup(ask, pool, artist, track, settings) -> None:
    image = new_key()
    await pool.execute(
        "INSERT INTO images (id, owner_id, status, size_bytes, sha256, width_px, height_px, color, placeholder, sizes)"
        " VALUES ($1, $2, 'ready', 1, sha256('a'), 9, 9, '#102030', 'L',"
        ' \'[{"size_px": 640, "width_px": 640, "height_px": 500}]\')',
        image,
        artist.user_id,
    )
    await pool.execute("UPDATE tracks SET image_id = $1, title = '<script>alert(\"1\")</script>'", image)
    text = (await ask.client.get(f"/s/{await slug_of(ask, artist, 'Track', track)}")).text
    url = f"{settings.media.origin_url}/images/{image}/640.jpeg"
    assert f'<meta property="og:image" content="{url}">' in text
    assert '<meta property="og:image:height" content="500">' in text
    assert "<script" not in text


async def test_every_kind_of_thing_has_a_page(ask, pool, artist, track) -> None:
    album = new_key()
    artist_id = await pool.fetchval("SELECT artist_id FROM tracks WHERE id = $1", track)
    await pool.execute(
        "INSERT INTO albums (id, artist_id, title, search_text, release_date)"
        " VALUES ($1, $2, 'Water', 'water', '2024-05-03')",
        album,
        artist_id,
    )
    await pool.execute("UPDATE tracks SET album_id = $1 WHERE id = $2", album, track)
    playlist = await create_playlist(pool, artist, name="Evening", description="", public=True)
    for type_name, key, kind, line in (
        ("Track", track, "music.song", "Track by Band · Water"),
        ("Album", album, "music.album", "Album by Band · 2024 · 1 track"),
        ("Artist", artist_id, "profile", "Artist on Segue"),
        ("Playlist", playlist, "music.playlist", "Playlist by Somebody"),
    ):
        text = (await ask.client.get(f"/s/{await slug_of(ask, artist, type_name, key)}")).text
        assert f'<meta property="og:type" content="{kind}">' in text
        assert f'<meta property="og:description" content="{line}">' in text


@pytest.mark.parametrize("state", ["draft", "withdrawn"])
async def test_a_release_that_is_not_out_hides_its_tracks_as_well(ask, pool, artist, track, state) -> None:
    album = await pool.fetchval(
        "INSERT INTO albums (id, artist_id, title, search_text)"
        " SELECT gen_random_uuid(), id, 'Water', 'water' FROM artists RETURNING id"
    )
    await pool.execute("UPDATE tracks SET album_id = $1", album)
    slugs = [await slug_of(ask, artist, *thing) for thing in (("Album", album), ("Track", track))]
    assert [(await ask.client.get(f"/s/{slug}")).status_code for slug in slugs] == [200, 200]
    await pool.execute("UPDATE albums SET state = $1", state)
    pages = [await ask.client.get(f"/s/{slug}") for slug in slugs]
    assert [(page.status_code, "Water" in page.text or "Tune" in page.text) for page in pages] == [(404, False)] * 2


async def test_what_is_deleted_is_gone_and_what_is_withdrawn_is_not_there(ask, pool, artist, track) -> None:
    slug = await slug_of(ask, artist, "Track", track)
    await pool.execute("UPDATE tracks SET withdrawn_at = now()")
    withdrawn = await ask.client.get(f"/s/{slug}")
    assert (withdrawn.status_code, withdrawn.headers["cache-control"]) == (404, f"public, max-age={MISSING_MAX_AGE_S}")
    await delete_track(pool, artist, track_id=track, removal_delay=timedelta(0))
    gone = await ask.client.get(f"/s/{slug}")
    assert (gone.status_code, gone.headers["cache-control"]) == (410, f"public, max-age={GONE_MAX_AGE_S}")
    assert await ask.data(FOLLOW, artist, slug=slug) == {"slug": slug, "node": None}
