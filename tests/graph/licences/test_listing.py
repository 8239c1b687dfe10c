"""What is listed is playable, what is not is absent, and pages stay full: whatever the licences, wherever the listener.

Licences begin and end days before and after now, so that it does not matter how long a round of the test takes.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any
from uuid import UUID

import msgspec
import pytest

from graph import ids
from graph.licences.rules import Licence
from graph.viewer import Role, Viewer
from tests.graph.licences.hearing import may_be_heard
from tests.graph.licences.shelves import Shelves, shelve

MARKETS = ("SE", "NO", "US")
TRACKS = 40
ROUNDS = 3
LIST = """
query($artist: ID!, $first: Int, $after: String) {
    artist(id: $artist) { tracks(first: $first, after: $after) {
        totalCount pageInfo { hasNextPage endCursor } edges { node { id } }
    } }
}
"""
# Lists, each with a page of which `PAGE` and `COUNTED` are the arguments and the fields.
PAGE = "first: $first, after: $after) { pageInfo { hasNextPage endCursor } edges { node { ... on Node { id } } }"
COUNTED = "(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor } edges { node { id } } }"
TRACK_LISTS = {
    "of an artist": f"artist(id: $artist) {{ tracks{COUNTED} }}",
    "that an artist is known for": f"artist(id: $artist) {{ popularTracks{COUNTED} }}",
    "of a genre": f"genre(id: $genre) {{ tracks{COUNTED} }}",
    "of a library": f"viewer {{ library {{ likedTracks{COUNTED} }} }}",
    "of a playlist": f"playlist(id: $playlist) {{ entries{COUNTED.replace('id', 'track { id }')} }}",
    "of a chart": f"trendingTracks(over: DAY, {PAGE} }}",
    "that are found": f'search(query: "tune", kinds: [TRACK], {PAGE} }}',
}
ALBUM_LISTS = {
    "of an artist": f"artist(id: $artist) {{ albums{COUNTED} }}",
    "of a genre": f"genre(id: $genre) {{ albums{COUNTED} }}",
    "of a library": f"viewer {{ library {{ savedAlbums{COUNTED} }} }}",
    "that are found": f'search(query: "rivers", kinds: [ALBUM], {PAGE} }}',
}
ALBUMS = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Album { id tracks { totalCount edges { node { id } } } } } }"
PLAY = "mutation($id: ID!) { startPlayback(input: {trackId: $id}) { playback { track { id } } userErrors { code } } }"
PLAY_ALL = (
    "mutation($ids: [ID!]!) { startGaplessPlayback(input: {trackIds: $ids})"
    " { playback { tracks { trackId } } userErrors { field code } } }"
)
PLAY_ALBUM = (
    "mutation($id: ID!) { startAlbumPlayback(input: {albumId: $id})"
    " { playback { tracks { trackId } } userErrors { code } } }"
)
NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
SET = (
    "mutation($in: SetTrackLicencesInput!) { setTrackLicences(input: $in)"
    " { track { licences(first: 100) { totalCount } } userErrors { code } } }"
)


def random_licences(random: Random) -> list[Licence]:
    """A fifth of the tracks has none; bounds are whole days away from now, or there is none."""
    now = datetime.now(UTC)
    found = []
    for _ in range(random.choice((0, 1, 1, 2, 3))):
        start, end = sorted(random.sample((-30, -20, -10, 10, 20, 30), 2))
        found.append(
            Licence(
                market=random.choice((*MARKETS, "*")),
                starts_at=random.choice((None, now + timedelta(days=start))),
                ends_at=random.choice((None, now + timedelta(days=end))),
            )
        )
    return list(dict.fromkeys(found))


def given(licence: Licence) -> dict[str, Any]:
    """A licence as an input."""
    return {
        "markets": None if licence.market == "*" else [licence.market],
        "startsAt": None if licence.starts_at is None else licence.starts_at.isoformat(),
        "endsAt": None if licence.ends_at is None else licence.ends_at.isoformat(),
    }


class Round:
    """One listener in one market, and what the rules say of every track and every album."""

    def __init__(self, ask: Any, listener: Viewer, shelves: Shelves, licences: dict[UUID, list[Licence]]) -> None:
        self.ask = ask
        self.listener = listener
        self.shelves = shelves
        now = datetime.now(UTC)
        heard = {
            ids.encode("Track", key): may_be_heard(held, market=listener.market, now=now)
            for key, held in licences.items()
        }
        self.allowed = [key for key, may in heard.items() if may]
        self.refused = [key for key, may in heard.items() if not may]
        # Nobody opens an album of which nothing may be heard; one without tracks is announced.
        self.albums = {
            key: own for key, own in shelves.albums.items() if not own or not set(own).isdisjoint(self.allowed)
        }
        self.closed = [key for key in shelves.albums if key not in self.albums]

    async def check_lists(self, random: Random) -> None:
        for kind, lists, expected in (("tracks", TRACK_LISTS, self.allowed), ("albums", ALBUM_LISTS, [*self.albums])):
            for where, text in lists.items():
                found = await self.listed(text, first=random.randint(6, 20), count=len(expected))
                assert sorted(found) == sorted(expected), f"{kind} {where}"
        for key, seen in ((self.allowed, True), (self.refused, False), ([*self.albums], True), (self.closed, False)):
            nodes = await self.ask.data(NODES, self.listener, ids=key)
            assert nodes == [{"id": one} if seen else None for one in key]
        for album in await self.ask.data(ALBUMS, self.listener, ids=[*self.albums]):
            own = [key for key in self.albums[album["id"]] if key in self.allowed]
            assert [edge["node"]["id"] for edge in album["tracks"]["edges"]] == own
            assert album["tracks"]["totalCount"] == len(own)

    async def check_playback(self, random: Random) -> None:
        if self.allowed:
            payload = await self.ask.data(PLAY_ALL, self.listener, ids=self.allowed)
            assert [part["trackId"] for part in payload["playback"]["tracks"]] == self.allowed
        for key in random.sample(self.allowed, min(3, len(self.allowed))):
            assert await self.ask.data(PLAY, self.listener, id=key) == {
                "playback": {"track": {"id": key}},
                "userErrors": [],
            }
        for key in random.sample(self.refused, min(3, len(self.refused))):
            assert await self.ask.data(PLAY, self.listener, id=key) == {
                "playback": None,
                "userErrors": [{"code": "NOT_LICENSED"}],
            }
        for key in random.sample([key for key, own in self.albums.items() if own], 2):
            payload = await self.ask.data(PLAY_ALBUM, self.listener, id=key)
            played = [part["trackId"] for part in payload["playback"]["tracks"]]
            assert played == [track for track in self.albums[key] if track in self.allowed]
        for key in self.closed[:1]:
            refusal = {"playback": None, "userErrors": [{"code": "NOT_PLAYABLE"}]}
            assert await self.ask.data(PLAY_ALBUM, self.listener, id=key) == refusal

    async def listed(self, text: str, *, first: int, count: int) -> list[str]:
        """What is on every page of a list; all pages but the last are full."""
        names = "".join(f", ${name}: ID!" for name in self.shelves.names if f"${name}" in text)
        query = f"query($first: Int, $after: String{names}) {{ {text} }}"
        given_names = {name: key for name, key in self.shelves.names.items() if f"${name}" in text}
        found: list[list[str]] = []
        after, more = None, True
        while more:
            page = await self.ask.data(query, self.listener, first=first, after=after, **given_names)
            while "edges" not in page:
                (page,) = page.values()
            assert page.get("totalCount", count) == count
            found.append([edge["node"].get("track", edge["node"])["id"] for edge in page["edges"]])
            after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        assert all(len(page) == first for page, _ in pairwise(found))
        return [key for page in found for key in page]


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_listed_is_playable_and_what_is_not_is_absent(
    ask, pool, add_user, add_catalogue, seed: int
) -> None:
    random = Random(seed)  # noqa: S311 -- a seed that repeats what it found
    owner, listener = await add_user(Role.LABEL), await add_user(Role.LISTENER)
    held = [random_licences(random) for _ in range(TRACKS)]
    artist, tracks = await add_catalogue(owner, held)
    shelves = await shelve(pool, random, artist=artist, tracks=tracks, listener=listener)
    licences = dict(zip(tracks, held, strict=True))
    for _ in range(ROUNDS):
        moved = msgspec.structs.replace(listener, market=random.choice((*MARKETS, "DE", None)))
        now = Round(ask, moved, shelves, licences)
        await now.check_lists(random)
        await now.check_playback(random)
        for track in random.sample(tracks, 6):
            licences[track] = random_licences(random)
            wanted = {"trackId": ids.encode("Track", track), "licences": [given(one) for one in licences[track]]}
            payload = await ask.data(SET, owner, **{"in": wanted})
            assert payload["track"]["licences"]["totalCount"] == len(licences[track])


@pytest.mark.parametrize("role", [Role.LABEL, Role.ADMIN])
async def test_owner_and_admin_see_and_play_everything(ask, add_user, add_catalogue, role) -> None:
    owner = await add_user(Role.LABEL)
    artist, tracks = await add_catalogue(owner, [[Licence(market="NO")], []])
    viewer = owner if role is Role.LABEL else await add_user(role)
    keys = [ids.encode("Track", key) for key in tracks]
    listed = await ask.data(LIST, viewer, artist=ids.encode("Artist", artist))
    assert [edge["node"]["id"] for edge in listed["tracks"]["edges"]] == keys
    assert (await ask.data(PLAY, viewer, id=keys[0]))["userErrors"] == []


async def test_nobody_else_sees_what_licences_a_track_has(ask, add_user, add_catalogue) -> None:
    owner = await add_user(Role.ARTIST)
    _, (track,) = await add_catalogue(owner, [[Licence(market="*"), Licence(market="SE")]])
    query = "query($id: ID!) { track(id: $id) { licences { totalCount edges { node { market startsAt endsAt } } } } }"
    seen = {viewer: await ask.data(query, viewer, id=ids.encode("Track", track)) for viewer in (None, owner)}
    assert seen[None]["licences"] == {"totalCount": 0, "edges": []}
    markets = sorted(str(edge["node"]["market"]) for edge in seen[owner]["licences"]["edges"])
    assert markets == ["None", "SE"]


async def test_gapless_playback_names_what_is_not_licensed(ask, add_user, add_catalogue) -> None:
    listener = msgspec.structs.replace(await add_user(Role.LISTENER), market="SE")
    _, tracks = await add_catalogue(await add_user(Role.ARTIST), [[], [Licence(market="NO")], [Licence(market="SE")]])
    payload = await ask.data(PLAY_ALL, listener, ids=[ids.encode("Track", key) for key in tracks])
    assert payload == {"playback": None, "userErrors": [{"field": ["trackIds", "1"], "code": "NOT_LICENSED"}]}


async def test_others_write_no_licences_by_the_api(ask, pool, add_user, add_catalogue) -> None:
    _, (track,) = await add_catalogue(await add_user(Role.ARTIST), [[Licence(market="NO")]])
    wanted = {"in": {"trackId": ids.encode("Track", track), "licences": []}}
    for viewer, code in ((None, "UNAUTHENTICATED"), (await add_user(Role.LABEL), "FORBIDDEN")):
        assert await ask.codes(SET, viewer, **wanted) == [code]
    assert await pool.fetchval("SELECT count(*) FROM licences") == 1
