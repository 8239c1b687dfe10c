"""The change feed as a client follows it: a cursor, the library once, then only what changed."""

import msgspec
import pytest

from graph import ids
from graph.changes.ledger import record_change
from graph.changes.records import ChangeKind
from graph.keys import new_key
from graph.viewer import Role, Viewer

CHANGES = """query($after: String, $first: Int! = 20) { viewer { changes(after: $after, first: $first) {
  changes { part nodeId deleted node { id ... on Track { title } ... on Playlist { name revision } } } cursor hasMore
} } }"""
PLAYLIST = "mutation($name: String!) { createPlaylist(input: {name: $name}) { playlist { id } } }"
ADD = """mutation($id: ID!, $tracks: [ID!]!) { addPlaylistEntries(input: {playlistId: $id, trackIds: $tracks}) {
  entries { id } } }"""
DELETE = "mutation($id: ID!) { deletePlaylist(input: {playlistId: $id}) { deletedPlaylistId } }"


@pytest.fixture
async def listener(add_user) -> Viewer:
    return await add_user(Role.LISTENER)


@pytest.fixture
def follow(ask):
    async def read(viewer: Viewer, after: str | None = None, first: int = 20):
        return (await ask.data(CHANGES, viewer, after=after, first=first))["changes"]

    return read


async def test_a_client_begins_with_a_cursor_and_hears_of_what_comes_after(ask, follow, listener) -> None:
    before = (await ask.data(PLAYLIST, listener, name="Before"))["playlist"]["id"]
    begun = await follow(listener)
    assert begun["changes"] == []
    assert await follow(listener, begun["cursor"]) == begun
    after = (await ask.data(PLAYLIST, listener, name="After"))["playlist"]["id"]
    told = await follow(listener, begun["cursor"])
    assert told["changes"] == [
        {"part": "PLAYLIST", "nodeId": after, "deleted": False, "node": {"id": after, "name": "After", "revision": 1}}
    ]
    assert before not in str(told)
    assert (await follow(listener, told["cursor"]))["changes"] == []


async def test_writes_to_a_playlist_are_told_with_their_nodes_and_tombstones(
    ask, follow, listener, add_user, add_track
) -> None:
    track = ids.encode("Track", await add_track(await add_user(Role.ARTIST), ready=1000))
    begun = await follow(listener)
    playlist = (await ask.data(PLAYLIST, listener, name="Evening"))["playlist"]["id"]
    (entry,) = (await ask.data(ADD, listener, id=playlist, tracks=[track]))["entries"]
    told = await follow(listener, begun["cursor"])
    assert [(one["part"], one["nodeId"], one["deleted"]) for one in told["changes"]] == [
        ("PLAYLIST", playlist, False),
        ("PLAYLIST_ENTRY", entry["id"], False),
    ]
    await ask.data(DELETE, listener, id=playlist)
    told = await follow(listener, told["cursor"])
    assert told["changes"] == [{"part": "PLAYLIST", "nodeId": playlist, "deleted": True, "node": None}]


async def test_a_page_ends_with_a_cursor_from_which_the_next_goes_on(pool, follow, listener) -> None:
    begun = await follow(listener)
    keys = [new_key() for _ in range(5)]
    async with pool.acquire() as connection, connection.transaction():
        for key in keys:
            await record_change(connection, listener.user_id, ChangeKind.SAVED_ALBUM, key, deleted=False)
    seen, cursor, more = [], begun["cursor"], True
    while more:
        page = await follow(listener, cursor, 2)
        seen += [one["nodeId"] for one in page["changes"]]
        cursor, more = page["cursor"], page["hasMore"]
    assert seen == [ids.encode("Album", key) for key in keys]


async def test_what_the_listener_may_not_see_now_is_told_without_its_node(
    pool, follow, listener, add_user, add_track
) -> None:
    artist = await add_user(Role.ARTIST)
    shown, unready = await add_track(artist, ready=1000), await add_track(artist)
    begun = await follow(listener)
    async with pool.acquire() as connection, connection.transaction():
        for key in (unready, shown):
            await record_change(connection, listener.user_id, ChangeKind.LIKED_TRACK, key, deleted=False)
    told = await follow(listener, begun["cursor"])
    title = {"id": ids.encode("Track", shown), "title": "Tune"}
    assert [one["node"] for one in told["changes"]] == [None, title]


async def test_a_cursor_that_is_too_old_says_to_sync_anew(ask, pool, follow, listener) -> None:
    begun = await follow(listener)
    await ask.data(PLAYLIST, listener, name="Evening")
    await pool.execute("UPDATE change_feeds SET forgotten_number = 1")
    assert await ask.codes(CHANGES, listener, after=begun["cursor"]) == ["SYNC_ANEW"]
    assert (await follow(listener, (await follow(listener))["cursor"]))["changes"] == []


async def test_a_cursor_of_another_account_and_garbage_are_refused(ask, follow, listener, add_user) -> None:
    cursor = (await follow(await add_user(Role.LISTENER)))["cursor"]
    for after in (cursor, "", "x", cursor[:-2]):
        assert await ask.codes(CHANGES, listener, after=after) == ["BAD_REQUEST"]
    for first in (0, 101, -1):
        for after in (None, (await follow(listener))["cursor"]):
            assert await ask.codes(CHANGES, listener, after=after, first=first) == ["BAD_REQUEST"]


async def test_a_client_hears_that_its_listener_has_moved(ask, listener) -> None:
    query = "{ viewer { changes { market } } }"
    for market in (None, "DE", "FR"):
        moved = msgspec.structs.replace(listener, market=market)
        assert await ask.data(query, moved) == {"changes": {"market": market}}


async def test_nobody_reads_the_feed_of_another(ask, listener, add_user) -> None:
    query = "query($id: ID!) { node(id: $id) { ... on User { changes { cursor } } } }"
    user = ids.encode("User", listener.user_id)
    for viewer in (None, await add_user(Role.LISTENER), await add_user(Role.ADMIN)):
        assert await ask.data(query, viewer, id=user) == {"changes": None}
    assert (await ask.data(query, listener, id=user))["changes"]["cursor"]


async def test_a_page_costs_as_many_statements_whatever_its_size(pool, ask, follow, counting, listener) -> None:
    """The changes, where their feed is, and the nodes of each of two types; who asks is known."""
    begun = await follow(listener)
    async with pool.acquire() as connection, connection.transaction():
        for _ in range(20):
            for kind in (ChangeKind.LIKED_TRACK, ChangeKind.PLAYLIST):
                await record_change(connection, listener.user_id, kind, new_key(), deleted=False)
    for first in (2, 40):
        async with counting() as statements:
            await ask.data(CHANGES, listener, after=begun["cursor"], first=first)
        assert len(statements) == 4
