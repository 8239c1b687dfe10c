"""Playlists as a client sees them: reading, paging, writing, and what others do not see."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from graph import ids
from graph.catalog.deletion import delete_track
from graph.playlists.records import Edit
from graph.viewer import Role

ERRORS = "revision userErrors { field code }"
CREATE = (
    "mutation($in: CreatePlaylistInput!) { createPlaylist(input: $in) {"
    f" playlist {{ id name description public revision owner {{ id }} }} {ERRORS} }} }}"
)
UPDATE = (
    f"mutation($in: UpdatePlaylistInput!) {{ updatePlaylist(input: $in) {{ playlist {{ name public }} {ERRORS} }} }}"
)
DELETE = f"mutation($in: DeletePlaylistInput!) {{ deletePlaylist(input: $in) {{ deletedPlaylistId {ERRORS} }} }}"
ADD = (
    "mutation($in: AddPlaylistEntriesInput!) { addPlaylistEntries(input: $in) {"
    f" entries {{ id track {{ title }} }} playlist {{ revision }} {ERRORS} }} }}"
)
ORDER = "playlist { entries { edges { node { id } } } }"
MOVE = f"mutation($in: MovePlaylistEntriesInput!) {{ movePlaylistEntries(input: $in) {{ {ORDER} {ERRORS} }} }}"
REMOVE = f"mutation($in: RemovePlaylistEntriesInput!) {{ removePlaylistEntries(input: $in) {{ {ORDER} {ERRORS} }} }}"
SHOW = """query($id: ID!, $first: Int, $after: String, $last: Int, $before: String, $playable: Boolean) {
  playlist(id: $id) { name entries(first: $first, after: $after, last: $last, before: $before, playable: $playable) {
    totalCount pageInfo { hasNextPage hasPreviousPage endCursor startCursor }
    edges { cursor node {
      id position obstacle addedAt addedBy { id } track { title artist { name } } playlist { id }
    } }
  } } }"""
LISTED = """query($id: ID!, $order: PlaylistOrder) { node(id: $id) { ... on User {
  playlists(orderBy: $order) { totalCount edges { node { name } } }
  library { playlists(orderBy: $order) { edges { node { name } } } } } } }"""


def playlist_id(key: UUID) -> str:
    return ids.encode("Playlist", key)


def entry_ids(keys: Any) -> list[str]:
    return [ids.encode("PlaylistEntry", key) for key in keys]


def listed(page: Any) -> list[tuple[str, str | None]]:
    return [(edge["node"]["id"], edge["node"]["obstacle"]) for edge in page["edges"]]


def order(payload: Any) -> list[str]:
    return [edge["node"]["id"] for edge in payload["playlist"]["entries"]["edges"]]


async def test_a_playlist_is_made_changed_and_deleted(ask, add_user) -> None:
    owner = await add_user(Role.LISTENER)
    made = await ask.data(CREATE, owner, **{"in": {"name": "Evening"}})
    playlist = made["playlist"]
    assert made == {
        "playlist": {
            "id": playlist["id"],
            "name": "Evening",
            "description": "",
            "public": False,
            "revision": 1,
            "owner": {"id": ids.encode("User", owner.user_id)},
        },
        "revision": 1,
        "userErrors": [],
    }
    given = {"playlistId": playlist["id"], "revision": 1, "public": True, "name": None, "description": None}
    assert await ask.data(UPDATE, owner, **{"in": given}) == {
        "playlist": {"name": "Evening", "public": True},
        "revision": 2,
        "userErrors": [],
    }
    stale = await ask.data(DELETE, owner, **{"in": {"playlistId": playlist["id"], "revision": 1}})
    assert stale == {
        "deletedPlaylistId": None,
        "revision": 2,
        "userErrors": [{"field": ["revision"], "code": "STALE_REVISION"}],
    }
    gone = await ask.data(DELETE, owner, **{"in": {"playlistId": playlist["id"]}})
    assert gone == {"deletedPlaylistId": playlist["id"], "revision": None, "userErrors": []}
    assert await ask.data(SHOW, owner, id=playlist["id"]) is None


async def test_entries_are_added_moved_and_removed(ask, desk) -> None:
    track = ids.encode("Track", desk.track)
    common = {"playlistId": playlist_id(desk.playlist)}
    added = await ask.data(ADD, desk.owner, **{"in": {**common, "trackIds": [track] * 3}})
    a, b, c = (entry["id"] for entry in added["entries"])
    assert added == {
        "entries": [{"id": entry, "track": {"title": "Tune"}} for entry in (a, b, c)],
        "playlist": {"revision": 2},
        "revision": 2,
        "userErrors": [],
    }
    for revision, place, expected in (
        (2, {"end": "START"}, [c, a, b]),
        (3, {"after": a}, [a, c, b]),
        (4, {"before": a}, [c, a, b]),
        (5, {"end": "END"}, [a, b, c]),
    ):
        moved = await ask.data(
            MOVE, desk.owner, **{"in": {**common, "revision": revision, "entryIds": [c], "place": place}}
        )
        assert (order(moved), moved["revision"]) == (expected, revision + 1)
    removed = await ask.data(REMOVE, desk.owner, **{"in": {**common, "revision": 6, "entryIds": [a, c]}})
    assert (order(removed), removed["revision"]) == ([b], 7)
    (d,) = (await ask.data(ADD, desk.owner, **{"in": {**common, "trackIds": [track], "place": {"before": b}}}))[
        "entries"
    ]
    assert entry_ids(await desk.order()) == [d["id"], b]


async def test_a_place_is_one_of_three(ask, desk) -> None:
    (entry,) = entry_ids(await desk.add())
    given = {"playlistId": playlist_id(desk.playlist), "revision": 2, "entryIds": [entry]}
    for place in ({}, {"end": "START", "before": entry}, {"end": None}):
        assert await ask.codes(MOVE, desk.owner, **{"in": {**given, "place": place}}) == ["BAD_REQUEST"]
    for place, field in (({"after": "x"}, "after"), ({"before": playlist_id(desk.playlist)}, "before")):
        refused = await ask.data(MOVE, desk.owner, **{"in": {**given, "place": place}})
        assert refused["userErrors"] == [{"field": ["place", field], "code": "NOT_FOUND"}]
    assert await desk.revision() == 2


async def test_ids_of_another_type_are_named_by_their_place(ask, desk) -> None:
    given = {"playlistId": playlist_id(desk.playlist)}
    track = ids.encode("Track", desk.track)
    added = await ask.data(ADD, desk.owner, **{"in": {**given, "trackIds": [track, "x", given["playlistId"]]}})
    assert added["userErrors"] == [{"field": ["trackIds", place], "code": "NOT_FOUND"} for place in ("1", "2")]
    assert await desk.order() == []


async def test_entries_are_paged_from_both_ends(ask, desk) -> None:
    entries = entry_ids(await desk.add(7))
    shown = {"id": playlist_id(desk.playlist)}
    page = (await ask.data(SHOW, desk.owner, **shown, first=3))["entries"]
    assert [edge["node"]["id"] for edge in page["edges"]] == entries[:3]
    assert page["totalCount"] == 7
    assert (page["pageInfo"]["hasNextPage"], page["pageInfo"]["hasPreviousPage"]) == (True, False)
    entry = page["edges"][0]["node"]
    assert entry["track"] == {"title": "Tune", "artist": {"name": "Band"}}
    assert entry["addedBy"] == {"id": ids.encode("User", desk.owner.user_id)}
    assert entry["playlist"] == {"id": shown["id"]}
    page = (await ask.data(SHOW, desk.owner, **shown, first=10, after=page["pageInfo"]["endCursor"]))["entries"]
    assert [edge["node"]["id"] for edge in page["edges"]] == entries[3:]
    assert page["pageInfo"]["hasNextPage"] is False
    page = (await ask.data(SHOW, desk.owner, **shown, last=2, before=page["pageInfo"]["startCursor"]))["entries"]
    assert [edge["node"]["id"] for edge in page["edges"]] == entries[1:3]


HIDDEN = {
    "WITHDRAWN": (
        "UPDATE tracks SET withdrawn_at = now() WHERE id = $1",
        "UPDATE tracks SET withdrawn_at = NULL WHERE id = $1",
    ),
    "NOT_LICENSED": (
        "INSERT INTO licences (id, track_id, market) VALUES (gen_random_uuid(), $1, 'NZ')",
        "DELETE FROM licences WHERE track_id = $1",
    ),
    "NOT_RELEASED": (
        """WITH draft AS (
            INSERT INTO albums (id, artist_id, title, search_text, state)
            SELECT gen_random_uuid(), artist_id, 'Draft', 'draft', 'draft' FROM tracks WHERE id = $1 RETURNING id
        ) UPDATE tracks SET album_id = (SELECT id FROM draft) WHERE id = $1""",
        "UPDATE tracks SET album_id = NULL WHERE id = $1",
    ),
}


@pytest.mark.parametrize("obstacle", HIDDEN)
async def test_what_nobody_can_hear_is_shown_to_who_can_take_it_out(ask, desk, artist, add_track, obstacle) -> None:
    hide, show = HIDDEN[obstacle]
    other = await add_track(artist, ready=1000)
    entries = entry_ids(await desk.add_tracks([desk.track, other, desk.track, other, desk.track]))
    await desk.update(2, Edit(public=True))
    shown = {"id": playlist_id(desk.playlist)}
    await desk.pool.execute(hide, desk.track)

    page = (await ask.data(SHOW, None, **shown, first=2))["entries"]
    assert listed(page) == [(entries[1], None), (entries[3], None)]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (2, False)
    assert await ask.data("query($id: ID!) { node(id: $id) { id } }", None, id=entries[0]) is None
    assert (await ask.data(SHOW, None, **shown, playable=False))["entries"]["totalCount"] == 0

    page = (await ask.data(SHOW, desk.owner, **shown))["entries"]
    reasons = (obstacle, None, obstacle, None, obstacle)
    assert (listed(page), page["totalCount"]) == (list(zip(entries, reasons, strict=True)), 5)
    assert (page["edges"][0]["node"]["track"] is not None) is (obstacle == "WITHDRAWN")
    for playable, expected in ((True, [entries[1], entries[3]]), (False, [entries[0], entries[2], entries[4]])):
        page = (await ask.data(SHOW, desk.owner, **shown, playable=playable))["entries"]
        assert ([entry for entry, _ in listed(page)], page["totalCount"]) == (expected, len(expected))
    given = {"playlistId": shown["id"], "revision": 3, "entryIds": [entries[0]]}
    assert order(await ask.data(REMOVE, desk.owner, **{"in": given})) == entries[1:]

    await desk.pool.execute(show, desk.track)
    for viewer in (desk.owner, None):
        page = (await ask.data(SHOW, viewer, **shown))["entries"]
        assert listed(page) == [(entry, None) for entry in entries[1:]]


@pytest.mark.parametrize(
    ("change", "obstacle"),
    [
        pytest.param("SELECT", None, id="an artist hears a draft of their own"),
        pytest.param("UPDATE albums SET state = 'withdrawn'", "NOT_RELEASED", id="but not what is withdrawn"),
        pytest.param("DELETE FROM assets", "NOT_RELEASED", id="nor what has no media"),
    ],
)
async def test_an_artist_is_told_what_cannot_be_heard_of_their_own(ask, desk, artist, change, obstacle) -> None:
    entries = entry_ids(await desk.add_tracks([desk.track]))
    await desk.pool.execute("UPDATE playlists SET owner_id = $1", artist.user_id)
    await desk.pool.execute(HIDDEN["NOT_RELEASED"][0], desk.track)
    await desk.pool.execute(change)
    shown = {"id": playlist_id(desk.playlist)}
    assert listed((await ask.data(SHOW, artist, **shown))["entries"]) == [(entries[0], obstacle)]
    playable = await ask.data(SHOW, artist, **shown, playable=True)
    assert playable["entries"]["totalCount"] == (obstacle is None)


async def test_a_deleted_track_is_out_of_sight_at_once(ask, desk, artist, add_track) -> None:
    kept = await add_track(artist, ready=1000)
    gone, stays = entry_ids(await desk.add_tracks([desk.track, kept]))
    await delete_track(desk.pool, artist, track_id=desk.track, removal_delay=timedelta(0))
    page = (await ask.data(SHOW, desk.owner, id=playlist_id(desk.playlist)))["entries"]
    assert ([edge["node"]["id"] for edge in page["edges"]], page["totalCount"]) == ([stays], 1)
    assert await ask.data("query($id: ID!) { node(id: $id) { id } }", desk.owner, id=gone) is None
    added = await ask.data(
        ADD,
        desk.owner,
        **{"in": {"playlistId": playlist_id(desk.playlist), "trackIds": [ids.encode("Track", desk.track)]}},
    )
    assert added["userErrors"] == [{"field": ["trackIds", "0"], "code": "NOT_FOUND"}]


async def test_a_private_playlist_is_its_owners_and_admins_alone(ask, desk, add_user) -> None:
    (entry,) = entry_ids(await desk.add())
    node = "query($id: ID!) { node(id: $id) { id } }"
    for viewer, seen in (
        (desk.owner, True),
        (await add_user(Role.ADMIN), True),
        (await add_user(Role.ARTIST), False),
        (None, False),
    ):
        for key in (playlist_id(desk.playlist), entry):
            assert (await ask.data(node, viewer, id=key) is not None) is seen
    await desk.update(2, Edit(public=True))
    for key in (playlist_id(desk.playlist), entry):
        assert await ask.data(node, None, id=key) == {"id": key}


@pytest.mark.parametrize("public", [False, True], ids=["private", "public"])
async def test_nobody_writes_anothers_playlist(ask, desk, add_user, public) -> None:
    (entry,) = entry_ids(await desk.add())
    await desk.update(2, Edit(public=public))
    given = {"playlistId": playlist_id(desk.playlist), "revision": 3}
    before = await desk.row(), await desk.order()
    writes = (
        (UPDATE, {"name": "Mine"}),
        (DELETE, {}),
        (ADD, {"trackIds": [ids.encode("Track", desk.track)]}),
        (MOVE, {"entryIds": [entry], "place": {"end": "START"}}),
        (REMOVE, {"entryIds": [entry]}),
    )
    other = await add_user(Role.ARTIST)
    for mutation, own in writes:
        assert await ask.codes(mutation, None, **{"in": {**given, **own}}) == ["UNAUTHENTICATED"]
        if public:
            assert await ask.codes(mutation, other, **{"in": {**given, **own}}) == ["FORBIDDEN"]
        else:
            refused = await ask.data(mutation, other, **{"in": {**given, **own}})
            assert refused["userErrors"] == [{"field": ["playlistId"], "code": "NOT_FOUND"}]
    assert (await desk.row(), await desk.order()) == before


async def test_an_account_lists_its_playlists_in_three_orders(ask, add_user) -> None:
    owner, other = await add_user(Role.LISTENER), await add_user(Role.LISTENER)
    made = {}
    for name, public in (("Über", True), ("alpha", False), ("Beta", True)):
        payload = await ask.data(CREATE, owner, **{"in": {"name": name, "public": public}})
        made[name] = payload["playlist"]["id"]
    await ask.data(UPDATE, owner, **{"in": {"playlistId": made["alpha"], "revision": 1, "description": "new"}})
    user = ids.encode("User", owner.user_id)
    for order_by, expected in (
        (None, ["alpha", "Beta", "Über"]),
        ("UPDATED", ["alpha", "Beta", "Über"]),
        ("CREATED", ["Beta", "alpha", "Über"]),
        ("NAME", ["alpha", "Beta", "Über"]),
    ):
        variables = {} if order_by is None else {"order": order_by}
        own = await ask.data(LISTED, owner, id=user, **variables)
        page = own["playlists"]
        assert own["library"]["playlists"]["edges"] == page["edges"]
        assert ([edge["node"]["name"] for edge in page["edges"]], page["totalCount"]) == (expected, 3)
        for viewer in (other, None):
            page = (await ask.data(LISTED, viewer, id=user, **variables))["playlists"]
            assert [edge["node"]["name"] for edge in page["edges"]] == [n for n in expected if n != "alpha"]


async def test_a_playlist_has_a_picture_of_its_owners(ask, desk, add_user) -> None:
    image = await desk.pool.fetchval(
        "INSERT INTO images (id, owner_id, status, size_bytes, sha256, width_px, height_px, color, placeholder, sizes)"
        " VALUES (gen_random_uuid(), $1, 'ready', 1, sha256('a'), 9, 9, '#102030', 'L', '[]') RETURNING id",
        desk.owner.user_id,
    )
    put = (
        "mutation($s: ID!, $i: ID) { setArtwork(input: {subjectId: $s, imageId: $i}) {"
        " subject { image { id } } userErrors { code } } }"
    )
    given = {"s": playlist_id(desk.playlist), "i": ids.encode("Image", image)}
    denied = await ask.data(put, await add_user(Role.LISTENER), **given)
    assert denied == {"subject": None, "userErrors": [{"code": "NOT_FOUND"}]}
    assert await desk.revision() == 1
    for _ in ("set", "set again, which changes nothing"):
        shown = await ask.data(put, desk.owner, **given)
        assert shown == {"subject": {"image": {"id": given["i"]}}, "userErrors": []}
        assert await desk.revision() == 2
    assert await desk.told() == [("playlist", desk.playlist, False)]


STATEMENTS = 3


async def test_a_page_costs_as_many_statements_whatever_its_size(ask, desk, counting) -> None:
    """The playlist; its entries with their playlist and who added them; their tracks with the artists."""
    await desk.add(40)
    for first in (1, 40):
        async with counting() as statements:
            await ask.data(SHOW.replace("totalCount", ""), desk.owner, id=playlist_id(desk.playlist), first=first)
        assert len(statements) == STATEMENTS
