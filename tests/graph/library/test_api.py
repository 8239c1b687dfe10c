from typing import Any

import pytest

from graph import ids
from graph.keys import new_key
from graph.viewer import Role, Viewer

FOLLOW = "mutation($user: ID!) { followUser(input: {userId: $user}) { user { id } userErrors { field code } } }"
UNFOLLOW = "mutation($user: ID!) { unfollowUser(input: {userId: $user}) { user { id } userErrors { field code } } }"
FOLLOWING = "{ viewer { following(first: 1) { edges { node { id } } pageInfo { hasNextPage } } } }"
OF_ANOTHER = (
    "query($user: ID!) { node(id: $user) { ... on User { following { edges { cursor } } library { __typename } } } }"
)

KINDS = {
    "Track": ("likeTrack", "unlikeTrack", "track", "viewerHasLiked", "likedTracks"),
    "Album": ("saveAlbum", "unsaveAlbum", "album", "viewerHasSaved", "savedAlbums"),
    "Artist": ("followArtist", "unfollowArtist", "artist", "viewerIsFollowing", "followedArtists"),
    "User": ("followUser", "unfollowUser", "user", "viewerIsFollowing", "followedUsers"),
    "Playlist": ("followPlaylist", "unfollowPlaylist", "playlist", "viewerIsFollowing", "followedPlaylists"),
}
LIKED = """
query($first: Int, $after: String, $last: Int, $before: String, $orderBy: LibraryOrder!) {
  viewer { library { likedTracks(first: $first, after: $after, last: $last, before: $before, orderBy: $orderBy) {
    edges { cursor addedAt node { id title viewerHasLiked artist { name } } }
    pageInfo { hasNextPage hasPreviousPage } totalCount
  } } }
}
"""


def mutation(name: str, field: str, flag: str) -> str:
    kind = name[0].upper() + name[1:]
    return (
        f"mutation($i: {kind}Input!) {{ {name}(input: $i) {{ {field} {{ id {flag} }} userErrors {{ field code }} }} }}"
    )


@pytest.fixture
async def things(pool, add_user, add_track) -> dict[str, str]:
    """One thing of each kind, by its global id."""
    owner = await add_user(Role.ARTIST)
    track, playlist, album = await add_track(owner, ready=60_000), new_key(), new_key()
    artist = await pool.fetchval("SELECT id FROM artists WHERE owner_id = $1", owner.user_id)
    await pool.execute(
        "INSERT INTO albums (id, artist_id, title, search_text) VALUES ($1, $2, 'A', 'a')", album, artist
    )
    await pool.execute(
        "INSERT INTO playlists (id, owner_id, name, folded_name, public) VALUES ($1, $2, 'A', 'a', true)",
        playlist,
        owner.user_id,
    )
    keys = {"Track": track, "Album": album, "Artist": artist, "User": owner.user_id, "Playlist": playlist}
    return {kind: ids.encode(kind, key) for kind, key in keys.items()}


@pytest.fixture
async def liked(pool, ask, add_user, add_track) -> Viewer:
    """Somebody who likes `Tune 0` to `Tune 4`, in this order."""
    fan, owner = await add_user(Role.LISTENER), await add_user(Role.ARTIST)
    for number in range(5):
        track = await add_track(owner, ready=60_000)
        await pool.execute("UPDATE tracks SET title = $2 WHERE id = $1", track, f"Tune {number}")
        await ask.data(mutation("likeTrack", "track", "viewerHasLiked"), fan, i={"trackId": ids.encode("Track", track)})
    return fan


async def page(ask, fan: Viewer, **arguments: Any) -> dict[str, Any]:
    data = await ask.data(LIKED, fan, **{"orderBy": "RECENT", **arguments})
    found: dict[str, Any] = data["library"]["likedTracks"]
    return found


def titles(found: dict[str, Any]) -> list[str]:
    return [edge["node"]["title"] for edge in found["edges"]]


async def test_follow_and_unfollow(ask, add_user) -> None:
    fan, idol = await add_user(Role.LISTENER), await add_user(Role.LISTENER)
    user = ids.encode("User", idol.user_id)
    done = {"user": {"id": user}, "userErrors": []}
    assert [await ask.data(FOLLOW, fan, user=user) for _ in range(2)] == [done, done]
    found = {"edges": [{"node": {"id": user}}], "pageInfo": {"hasNextPage": False}}
    assert await ask.data(FOLLOWING, fan) == {"following": found}
    hidden = {"following": None, "library": None}
    assert await ask.data(OF_ANOTHER, idol, user=ids.encode("User", fan.user_id)) == hidden
    assert [await ask.data(UNFOLLOW, fan, user=user) for _ in range(2)] == [done, done]
    assert (await ask.data(FOLLOWING, fan))["following"]["edges"] == []

    own = ids.encode("User", fan.user_id)
    for wanted, code in ((own, "INVALID_VALUE"), ("no id", "NOT_FOUND")):
        refused = {"user": None, "userErrors": [{"field": ["userId"], "code": code}]}
        assert await ask.data(FOLLOW, fan, user=wanted) == refused
    assert await ask.codes(FOLLOW, None, user=user) == ["UNAUTHENTICATED"]


@pytest.mark.parametrize("kind", KINDS)
async def test_everything_can_be_kept_and_let_go(ask, add_user, things, kind: str) -> None:
    keep, drop, field, flag, shelf = KINDS[kind]
    fan, given = await add_user(Role.LISTENER), {f"{field}Id": things[kind]}
    for name, state in ((keep, True), (keep, True), (drop, False), (drop, False), (keep, True)):
        answer = await ask.data(mutation(name, field, flag), fan, i=given)
        assert answer == {field: {"id": things[kind], flag: state}, "userErrors": []}
    listed = await ask.data(f"{{ viewer {{ library {{ {shelf} {{ totalCount edges {{ node {{ id }} }} }} }} }} }}", fan)
    assert listed["library"][shelf] == {"totalCount": 1, "edges": [{"node": {"id": things[kind]}}]}
    flag_of = f"query($id: ID!) {{ node(id: $id) {{ ... on {kind} {{ {flag} }} }} }}"
    assert await ask.data(flag_of, None, id=things[kind]) == {flag: False}
    assert await ask.data(flag_of, await add_user(Role.LISTENER), id=things[kind]) == {flag: False}

    wrong = {"field": [f"{field}Id"], "code": "NOT_FOUND"}
    answer = await ask.data(mutation(keep, field, flag), fan, i={f"{field}Id": "no id"})
    assert answer == {field: None, "userErrors": [wrong]}
    for name in (keep, drop):
        assert await ask.codes(mutation(name, field, flag), None, i=given) == ["UNAUTHENTICATED"]


async def test_what_is_mine_is_not_followed(ask, add_user) -> None:
    owner = await add_user(Role.LISTENER)
    made = await ask.data('mutation { createPlaylist(input: {name: "Mine"}) { playlist { id } } }', owner)
    follow = mutation("followPlaylist", "playlist", "viewerIsFollowing")
    answer = await ask.data(follow, owner, i={"playlistId": made["playlist"]["id"]})
    assert answer == {"playlist": None, "userErrors": [{"field": ["playlistId"], "code": "INVALID_VALUE"}]}


async def test_likes_are_paged_by_date_and_by_name_in_both_directions(ask, liked: Viewer) -> None:
    by_name = [f"Tune {number}" for number in range(5)]
    for order, expected in (("NAME", by_name), ("RECENT", by_name[::-1])):
        ahead = await page(ask, liked, first=2, orderBy=order)
        assert (titles(ahead), ahead["totalCount"]) == (expected[:2], 5)
        assert ahead["pageInfo"] == {"hasNextPage": True, "hasPreviousPage": False}
        rest = await page(ask, liked, first=4, after=ahead["edges"][-1]["cursor"], orderBy=order)
        assert (titles(rest), rest["pageInfo"]["hasNextPage"]) == (expected[2:], False)
        back = await page(ask, liked, last=2, before=rest["edges"][0]["cursor"], orderBy=order)
        assert titles(back) == expected[:2]
        assert titles(await page(ask, liked, last=2, orderBy=order)) == expected[3:]
    assert all(edge["node"]["viewerHasLiked"] for edge in ahead["edges"])


async def test_a_cursor_by_date_is_refused_by_name(ask, liked: Viewer) -> None:
    cursor = (await page(ask, liked, first=1))["edges"][0]["cursor"]
    assert await ask.codes(LIKED, liked, first=1, after=cursor, orderBy="NAME") == ["BAD_REQUEST"]


async def test_pages_stay_full_when_liked_tracks_are_gone_or_hidden(pool, ask, liked: Viewer) -> None:
    await pool.execute("DELETE FROM tracks WHERE title = 'Tune 4'")
    await pool.execute(
        "INSERT INTO licences (id, track_id, market) SELECT $1, id, 'FR' FROM tracks WHERE title = 'Tune 3'", new_key()
    )
    found = await page(ask, liked, first=2)
    assert (titles(found), found["totalCount"]) == (["Tune 2", "Tune 1"], 3)


async def test_statements_do_not_grow_with_the_page(ask, counting, liked: Viewer) -> None:
    for first in (1, 5):
        async with counting() as statements:
            assert len(titles(await page(ask, liked, first=first))) == first
        # The page with its artists, and its count; whether each is liked is a column.
        assert len(statements) == 2, statements
