"""Deleting tracks, albums and artists: who may, what goes at once, and what is promised to go later."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from graph import ids
from graph.keys import new_key
from graph.viewer import Role, Viewer
from tests.graph.masters import add_upload

DELETE = {
    kind: f"mutation($in: Delete{kind}Input!) {{ delete{kind}(input: $in)"
    f" {{ deleted{kind}Id userErrors {{ field code }} }} }}"
    for kind in ("Track", "Album", "Artist")
}

COUNTS = """
SELECT (SELECT count(*) FROM artists) AS artists, (SELECT count(*) FROM albums) AS albums,
       (SELECT count(*) FROM tracks) AS tracks, (SELECT count(*) FROM uploads) AS uploads,
       (SELECT count(*) FROM assets) AS assets
"""


class Release:
    """An artist with an album of two ready tracks, one of which has a second upload, and a single track."""

    def __init__(self, pool: Any, owner: Viewer) -> None:
        self.pool = pool
        self.owner = owner
        self.artist, self.album = new_key(), new_key()
        self.tracks = [new_key() for _ in range(3)]
        self.assets = [new_key() for _ in range(3)]
        self.uploads: dict[UUID, list[str]] = {track: [] for track in self.tracks}

    async def write(self) -> "Release":
        await self.pool.execute(
            "INSERT INTO artists (id, owner_id, name, search_text) VALUES ($1, $2, 'A', 'a')",
            self.artist,
            self.owner.user_id,
        )
        await self.pool.execute(
            "INSERT INTO albums (id, artist_id, title, search_text) VALUES ($1, $2, 'B', 'b')", self.album, self.artist
        )
        for track, asset, album in zip(self.tracks, self.assets, (self.album, self.album, None), strict=True):
            await self.pool.execute(
                "INSERT INTO tracks (id, artist_id, album_id, title, search_text, asset_id)"
                " VALUES ($1, $2, $3, 'T', 't', $4)",
                *(track, self.artist, album, asset),
            )
            await self.pool.execute(
                "INSERT INTO assets (asset_id, revision, upload_id, status, duration_ms)"
                " VALUES ($1, 1, $2, 'ready', 9)",
                asset,
                await self.upload(track),
            )
        await self.upload(self.tracks[0])
        return self

    async def upload(self, track: UUID) -> UUID:
        upload = await add_upload(self.pool, self.owner.user_id, track)
        self.uploads[track].append(f"uploads/{upload}")
        return upload

    async def counts(self) -> dict[str, int]:
        row = await self.pool.fetchrow(COUNTS)
        return dict(row)

    async def removals(self) -> dict[str, timedelta]:
        rows = await self.pool.fetch("SELECT prefix, due_at FROM removals")
        return {row["prefix"]: row["due_at"] - datetime.now(UTC) for row in rows}

    async def remeasured(self) -> list[str]:
        rows = await self.pool.fetch("SELECT payload FROM pgqueuer WHERE entrypoint = 'album_loudness'")
        return [json.loads(row["payload"])["album_id"] for row in rows]


@pytest.fixture
async def release(ask: Any, owner: Viewer) -> Release:
    return await Release(ask.app.state.services.pool, owner).write()


async def test_deleted_track_is_gone_and_its_media_go_later(ask: Any, owner: Viewer, release: Release) -> None:
    track = release.tracks[0]
    given = ids.encode("Track", track)
    payload = await ask.data(DELETE["Track"], owner, **{"in": {"trackId": given}})
    assert payload == {"deletedTrackId": given, "userErrors": []}
    assert await release.counts() == {"artists": 1, "albums": 1, "tracks": 2, "uploads": 2, "assets": 2}
    removals = await release.removals()
    media = removals.pop(f"assets/{release.assets[0]}/")
    delay = timedelta(seconds=ask.app.state.services.settings.media.removal_delay_s)
    assert delay - timedelta(minutes=5) < media <= delay
    assert set(removals) == set(release.uploads[track])
    assert max(removals.values()) <= timedelta(0)
    assert await release.remeasured() == [str(release.album)]


async def test_track_of_no_album_makes_none_be_measured_again(ask: Any, owner: Viewer, release: Release) -> None:
    await ask.data(DELETE["Track"], owner, **{"in": {"trackId": ids.encode("Track", release.tracks[2])}})
    assert await release.remeasured() == []


@pytest.mark.parametrize(
    ("kind", "left", "assets"),
    [
        pytest.param("Album", {"artists": 1, "albums": 0, "tracks": 1}, 2, id="an album"),
        pytest.param("Artist", {"artists": 0, "albums": 0, "tracks": 0}, 3, id="an artist"),
    ],
)
async def test_what_is_deleted_takes_along_what_it_holds(  # noqa: PLR0917 -- pytest's fixtures
    ask: Any, owner: Viewer, release: Release, kind: str, left: dict[str, int], assets: int
) -> None:
    given = ids.encode(kind, release.album if kind == "Album" else release.artist)
    payload = await ask.data(DELETE[kind], owner, **{"in": {f"{kind.lower()}Id": given}})
    assert payload == {f"deleted{kind}Id": given, "userErrors": []}
    counts = await release.counts()
    assert {table: counts[table] for table in left} == left
    assert len([prefix for prefix in await release.removals() if prefix.startswith("assets/")]) == assets


async def test_artist_takes_along_what_others_have_on_its_albums_and_leaves_theirs(
    ask: Any, owner: Viewer, release: Release
) -> None:
    guest = await Release(release.pool, owner).write()
    await release.pool.execute("UPDATE tracks SET album_id = $1 WHERE id = $2", release.album, guest.tracks[2])
    await release.pool.execute("UPDATE tracks SET album_id = $1 WHERE id = $2", guest.album, release.tracks[2])
    given = ids.encode("Artist", release.artist)
    payload = await ask.data(DELETE["Artist"], owner, **{"in": {"artistId": given}})
    assert payload == {"deletedArtistId": given, "userErrors": []}
    left = {row["id"] for row in await release.pool.fetch("SELECT id FROM tracks")}
    assert left == set(guest.tracks[:2])
    assert await release.remeasured() == [str(guest.album)]


@pytest.mark.parametrize(
    ("role", "code"),
    [
        pytest.param(None, "UNAUTHENTICATED", id="nobody"),
        pytest.param(Role.LISTENER, "FORBIDDEN", id="a listener"),
        pytest.param(Role.ARTIST, "FORBIDDEN", id="another artist"),
    ],
)
async def test_who_may_not_delete_changes_nothing(
    ask: Any, add_user: Any, release: Release, role: Role | None, code: str
) -> None:
    viewer = None if role is None else await add_user(role)
    before = await release.counts()
    for kind, key in (("Track", release.tracks[0]), ("Album", release.album), ("Artist", release.artist)):
        given = {f"{kind.lower()}Id": ids.encode(kind, key)}
        assert await ask.codes(DELETE[kind], viewer, **{"in": given}) == [code]
    assert await release.counts() == before
    assert await release.removals() == {}


async def test_admin_deletes_anybody_s(ask: Any, add_user: Any, release: Release) -> None:
    admin = await add_user(Role.ADMIN)
    payload = await ask.data(DELETE["Artist"], admin, **{"in": {"artistId": ids.encode("Artist", release.artist)}})
    assert payload["userErrors"] == []


@pytest.mark.parametrize("kind", ["Track", "Album", "Artist"])
async def test_deleting_twice_is_told(ask: Any, owner: Viewer, release: Release, kind: str) -> None:
    key = {"Track": release.tracks[0], "Album": release.album, "Artist": release.artist}[kind]
    given = {f"{kind.lower()}Id": ids.encode(kind, key)}
    await ask.data(DELETE[kind], owner, **{"in": given})
    payload = await ask.data(DELETE[kind], owner, **{"in": given})
    assert payload["userErrors"] == [{"field": [f"{kind.lower()}Id"], "code": "NOT_FOUND"}]
