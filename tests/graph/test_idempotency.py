import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from subprocess import Popen
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from graphql import build_schema

from config.postgres import Pool
from graph import ids
from graph.idempotency import KEPT_FOR, forget_keys
from graph.playlists.service import create_playlist
from graph.schema import printed
from graph.viewer import Role, Viewer

PATIENCE_S = 60.0


class Desk(NamedTuple):
    """An account that may make everything, and what the things are made under."""

    ask: Any
    pool: Pool
    owner: Viewer
    artist: str
    track: str
    playlist: str

    async def send(self, mutation: str, answered: str, given: dict[str, Any], *, viewer: Viewer | None = None) -> Any:
        name = mutation[0].upper() + mutation[1:]
        selected = f"{{ {answered} userErrors {{ code field }} }}"
        text = f"mutation ($input: {name}Input!) {{ {mutation}(input: $input) {selected} }}"
        return await self.ask.data(text, viewer or self.owner, input=given)

    async def rows(self, table: str) -> int:
        count: int = await self.pool.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608 -- a name from below
        return count


@pytest.fixture
async def desk(ask: Any, add_user: Any, add_track: Any) -> Desk:
    pool, owner = ask.app.state.services.pool, await add_user(Role.ARTIST)
    track = await add_track(owner, ready=60_000)
    artist = await pool.fetchval("SELECT artist_id FROM tracks WHERE id = $1", track)
    playlist = await create_playlist(pool, owner, name="Evening", description="", public=False)
    return Desk(
        ask,
        pool,
        owner,
        artist=ids.encode("Artist", artist),
        track=ids.encode("Track", track),
        playlist=ids.encode("Playlist", playlist),
    )


class Case(NamedTuple):
    """A mutation that makes something anew: what it answers, its input, another one, and where the rows are."""

    answered: str
    given: Callable[[Desk], dict[str, Any]]
    other: dict[str, Any]
    table: str


CASES = {
    "createArtist": Case("artist { id }", lambda _: {"name": "Alma"}, {"name": "Elma"}, "artists"),
    "createAlbum": Case("album { id }", lambda d: {"artistId": d.artist, "title": "X"}, {"type": "EP"}, "albums"),
    "createTrack": Case("track { id }", lambda d: {"artistId": d.artist, "title": "X"}, {"explicit": True}, "tracks"),
    "createPlaylist": Case("revision playlist { id }", lambda _: {"name": "X"}, {"public": True}, "playlists"),
    "addPlaylistEntries": Case(
        "revision entries { id }",
        lambda d: {"playlistId": d.playlist, "trackIds": [d.track, d.track]},
        {"place": {"end": "START"}},
        "playlist_entries",
    ),
}  # fmt: skip


def test_every_mutation_that_takes_a_key_is_tried() -> None:
    mutations = build_schema(printed()).mutation_type
    assert mutations
    taking = {
        name for name, field in mutations.fields.items() if "idempotencyKey" in field.args["input"].type.of_type.fields
    }
    assert taking == set(CASES)


async def test_what_is_sent_again_is_done_once_and_a_key_of_another_input_is_refused(desk: Desk) -> None:
    for mutation, case in CASES.items():
        given = {**case.given(desk), "idempotencyKey": str(uuid4())}
        first = await desk.send(mutation, case.answered, given)
        assert first["userErrors"] == [], mutation
        rows = await desk.rows(case.table)
        assert await desk.send(mutation, case.answered, given) == first
        other = await desk.send(mutation, case.answered, {**given, **case.other})
        assert other["userErrors"] == [{"code": "IDEMPOTENCY_KEY_REUSED", "field": ["idempotencyKey"]}], mutation
        assert await desk.rows(case.table) == rows, mutation


async def test_without_a_key_a_thing_is_made_each_time_and_a_key_is_its_accounts_own(desk: Desk, add_user: Any) -> None:
    made = [(await desk.send("createArtist", "artist { id }", {"name": "Alma"}))["artist"]["id"] for _ in range(2)]
    assert made[0] != made[1]
    assert await desk.rows("idempotency_keys") == 0
    key = str(uuid4())
    mine = await desk.send("createPlaylist", "playlist { id }", {"name": "X", "idempotencyKey": key})
    theirs = await desk.send(
        "createPlaylist", "playlist { id }", {"name": "X", "idempotencyKey": key}, viewer=await add_user(Role.LISTENER)
    )
    assert theirs["userErrors"] == []
    assert theirs["playlist"]["id"] != mine["playlist"]["id"]
    reused = await desk.send("createArtist", "artist { id }", {"name": "X", "idempotencyKey": key})
    assert [error["code"] for error in reused["userErrors"]] == ["IDEMPOTENCY_KEY_REUSED"]


async def test_many_at_once_make_one(desk: Desk) -> None:
    given = {"name": "X", "idempotencyKey": str(uuid4())}
    rows = await desk.rows("playlists")
    answers = await asyncio.gather(*(desk.send("createPlaylist", "playlist { id }", given) for _ in range(8)))
    assert [answer["userErrors"] for answer in answers] == [[]] * 8
    assert len({answer["playlist"]["id"] for answer in answers}) == 1
    assert await desk.rows("playlists") == rows + 1


async def test_a_refusal_is_not_kept(desk: Desk) -> None:
    key = str(uuid4())
    given = {"playlistId": desk.playlist, "revision": 7, "trackIds": [desk.track], "idempotencyKey": key}
    refused = await desk.send("addPlaylistEntries", "entries { id }", given)
    assert [error["code"] for error in refused["userErrors"]] == ["STALE_REVISION"]
    mended = await desk.send("addPlaylistEntries", "entries { id }", {**given, "revision": 1})
    assert (mended["userErrors"], len(mended["entries"])) == ([], 1)
    # Its own answer comes again, although the revision that it names is stale by now.
    assert await desk.send("addPlaylistEntries", "entries { id }", {**given, "revision": 1}) == mended


async def test_what_was_deleted_since_is_not_made_again(desk: Desk) -> None:
    given = {"name": "X", "idempotencyKey": str(uuid4())}
    made = await desk.send("createPlaylist", "playlist { id }", given)
    rows = await desk.rows("playlists")
    await desk.send("deletePlaylist", "deletedPlaylistId", {"playlistId": made["playlist"]["id"]})
    assert await desk.send("createPlaylist", "playlist { id }", given) == {"playlist": None, "userErrors": []}
    assert await desk.rows("playlists") == rows - 1


async def test_a_process_that_is_killed_before_it_answers_has_made_the_thing_once(
    desk: Desk, api: Any, start_graph: Callable[[], str], graph_children: list["Popen[str]"]
) -> None:
    url = start_graph()
    given = {"name": "Alma", "idempotencyKey": str(uuid4())}
    text = (
        "mutation ($input: CreateArtistInput!) { createArtist(input: $input) { artist { id tracks { totalCount } } } }"
    )
    async with desk.pool.acquire() as connection, connection.transaction():
        # The artist can be written, but not be answered with its tracks.
        await connection.execute("LOCK TABLE tracks IN ACCESS EXCLUSIVE MODE")
        sent = asyncio.create_task(api(url, desk.owner).data(text, input=given))
        async with asyncio.timeout(PATIENCE_S):
            while not await desk.pool.fetchval("SELECT count(*) FROM artists WHERE name = 'Alma'"):
                await asyncio.sleep(0.02)
        graph_children[0].kill()
        with pytest.raises(Exception):  # noqa: B017, PT011 -- however the client hears of it
            await sent
    answer = await desk.send("createArtist", "artist { id }", given)
    (key,) = [row["id"] for row in await desk.pool.fetch("SELECT id FROM artists WHERE name = 'Alma'")]
    assert answer == {"artist": {"id": ids.encode("Artist", key)}, "userErrors": []}


async def test_keys_are_forgotten_after_a_day(desk: Desk) -> None:
    given = {"name": "X", "idempotencyKey": str(uuid4())}
    await desk.send("createPlaylist", "playlist { id }", given)
    now = datetime.now(UTC)
    async with desk.pool.acquire() as connection:
        assert await forget_keys(connection, now + KEPT_FOR - timedelta(minutes=5))
        assert await desk.rows("idempotency_keys") == 1
        assert await forget_keys(connection, now + KEPT_FOR + timedelta(minutes=5))
    assert await desk.rows("idempotency_keys") == 0
