"""What PostgreSQL tells of a change: the table, the rows, and what they are parts of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import asyncpg
import pytest

from config.postgres import Pool
from config.settings import GraphSettings
from graph.reuse.changes import CHANNEL

PATIENCE_S = 60.0
# Tune, by Band, is on Mix, which is Others'; Solo is by Others, and on no album.
BEGINNING = """
INSERT INTO users (id, email, display_name, password_hash, role) VALUES ({user}, 'a@tests.example', '', '', 'artist');
INSERT INTO users (id, email, display_name, password_hash, role) VALUES ({fan}, 'b@tests.example', '', '', 'listener');
INSERT INTO images (id, owner_id, status, size_bytes, sha256, expires_at)
    VALUES ({image}, {user}, 'announced', 1, sha256(''), now());
INSERT INTO artists (id, owner_id, name, search_text) VALUES ({band}, {user}, '', ''), ({others}, {user}, '', '');
INSERT INTO albums (id, artist_id, title, search_text) VALUES ({mix}, {others}, '', ''), ({rare}, {others}, '', '');
INSERT INTO tracks (id, artist_id, album_id, title, search_text, asset_id)
    VALUES ({tune}, {band}, {mix}, '', '', {master}), ({solo}, {others}, NULL, '', '', {take});
INSERT INTO uploads (id, user_id, track_id, object_key, file_name, content_type, size_bytes, sha256, expires_at)
    VALUES ({tune}, {user}, {tune}, 'x', '', '', 1, sha256(''), now());
INSERT INTO assets (asset_id, revision, upload_id, status) VALUES ({master}, 1, {tune}, 'queued');
INSERT INTO genres (id, slug, name) VALUES ({genre}, '', '');
INSERT INTO licences (id, track_id, market) VALUES ({tune}, {tune}, 'SE');
INSERT INTO playlists (id, owner_id, name, folded_name) VALUES ({list}, {user}, '', '');
INSERT INTO playlist_entries (id, playlist_id, track_id, position) VALUES ({list}, {list}, {tune}, '00000000');
"""
NAMES = ("user", "fan", "image", "band", "others", "mix", "rare", "tune", "solo", "master", "take", "genre", "list")
KEYS = {name: UUID(int=number) for number, name in enumerate(NAMES, 1)}

OF_TUNE = "track-tune-parts asset-master-parts album-mix-parts artist-band-parts artist-others-parts"

Tell = Callable[[str], Awaitable[list[set[str]]]]


@pytest.fixture
async def tell(settings: GraphSettings, pool: Pool) -> AsyncIterator[Tell]:
    """Make a change and answer what is told of it, with names for keys: the words of each message."""
    heard: asyncio.Queue[str] = asyncio.Queue()
    connection = await asyncpg.connect(settings.postgres.url.reveal())
    await pool.execute(named(BEGINNING))
    await connection.add_listener(CHANNEL, lambda *told: heard.put_nowait(str(told[-1])))

    async def change(text: str) -> list[set[str]]:
        await pool.execute(named(text))
        await pool.execute(f"SELECT pg_notify('{CHANNEL}', 'mark')")
        told: list[set[str]] = []
        async with asyncio.timeout(PATIENCE_S):
            while (message := await heard.get()) != "mark":
                told.append({of_names(word) for word in message.split(" ")})
        return told

    yield change
    await connection.close()


def named(text: str) -> str:
    return text.format(**{name: f"'{key}'::uuid" for name, key in KEYS.items()})


def of_names(word: str) -> str:
    for name, key in KEYS.items():
        word = word.replace(str(key), name)
    return word


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE artists SET name = 'x' WHERE id = {band}", ["artists artist-band"]),
        ("INSERT INTO artist_profiles (artist_id) VALUES ({band})", ["artist_profiles artist-band-parts"]),
        (
            "UPDATE albums SET title = 'x' WHERE id = {mix}",
            [
                f"albums album-mix {OF_TUNE}",
                "albums artist-others-parts",
            ],
        ),
        (
            "UPDATE albums SET artist_id = {band} WHERE id = {rare}",
            ["albums album-rare album-rare-parts artist-band-parts", "albums artist-band-parts artist-others-parts"],
        ),
        (
            "INSERT INTO albums (id, artist_id, title, search_text) VALUES ({solo}, {band}, '', '')",
            ["albums album-solo album-solo-parts artist-band-parts", "albums artist-band-parts"],
        ),
        ("DELETE FROM albums WHERE id = {rare}", ["albums album-rare", "albums artist-others-parts"]),
        ("INSERT INTO album_genres VALUES ({genre}, {mix}, 1)", ["album_genres album-mix-parts artist-others-parts"]),
        (
            "UPDATE tracks SET title = 'x' WHERE id = {solo}",
            ["tracks track-solo track-solo-parts asset-take-parts artist-others-parts", "tracks artist-others-parts"],
        ),
        ("INSERT INTO track_genres VALUES ({genre}, {tune}, 1)", [f"track_genres {OF_TUNE}"]),
        (
            "INSERT INTO track_credits (track_id, position, role, name) VALUES ({tune}, 1, '', '')",
            [f"track_credits {OF_TUNE}"],
        ),
        ("INSERT INTO track_lyrics (track_id) VALUES ({tune})", [f"track_lyrics {OF_TUNE}"]),
        ("UPDATE licences SET ends_at = now()", [f"licences {OF_TUNE}"]),
        ("UPDATE assets SET status = 'processing'", [f"assets asset-master {OF_TUNE}"]),
        ("UPDATE assets SET fraction = 0.5", []),
        ("UPDATE images SET attempts = 1", ["images image-image"]),
        ("UPDATE genres SET name = 'x'", ["genres genre-genre"]),
        ("UPDATE users SET display_name = 'x' WHERE id = {user}", ["users user-user"]),
        ("UPDATE users SET password_hash = 'x'", []),
        ("UPDATE playlists SET name = 'x'", ["playlists playlist-list", "playlists user-user-parts"]),
        (
            "UPDATE playlists SET owner_id = {fan}",
            ["playlists playlist-list", "playlists user-user-parts user-fan-parts"],
        ),
        ("DELETE FROM playlist_entries", ["playlist_entries playlist-list-parts"]),
        ("UPDATE artists SET name = 'x' WHERE false", []),
        ("TRUNCATE track_lyrics", ["track_lyrics"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_change_tells_what_its_rows_are_parts_of(tell: Tell, change: str, told: list[str]) -> None:
    assert sorted(map(sorted, await tell(change))) == sorted(sorted(message.split()) for message in told)


async def test_a_track_that_moves_tells_both_albums(tell: Tell) -> None:
    told = set().union(*await tell("UPDATE tracks SET album_id = {rare}, artist_id = {others} WHERE id = {tune}"))
    assert {"track-tune", "album-mix-parts", "album-rare-parts", "artist-band-parts", "artist-others-parts"} <= told


async def test_a_track_that_is_gone_tells_where_it_was(tell: Tell) -> None:
    told = set().union(*await tell("DELETE FROM tracks WHERE id = {tune}"))
    assert {"track-tune", "asset-master", "album-mix-parts", "artist-band-parts", "artist-others-parts"} <= told


@pytest.mark.parametrize("count", [60, 1000])
async def test_many_rows_are_told_by_their_table(tell: Tell, count: int) -> None:
    added = (
        "INSERT INTO tracks (id, artist_id, album_id, title, search_text, asset_id) SELECT gen_random_uuid(), {band},"
    )
    assert {"tracks"} in await tell(f"{added} {{mix}}, '', '', gen_random_uuid() FROM generate_series(1, {count + 60})")
