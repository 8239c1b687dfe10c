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
from graph.licences.rules import Licence, may_be_heard
from graph.viewer import Role, Viewer

MARKETS = ("SE", "NO", "US")
TRACKS = 40
ROUNDS = 4
LIST = """
query($artist: ID!, $first: Int, $after: String) {
    artist(id: $artist) { tracks(first: $first, after: $after) {
        totalCount pageInfo { hasNextPage endCursor } edges { node { id } }
    } }
}
"""
PLAY = "mutation($id: ID!) { startPlayback(input: {trackId: $id}) { playback { track { id } } userErrors { code } } }"
PLAY_ALL = (
    "mutation($ids: [ID!]!) { startGaplessPlayback(input: {trackIds: $ids})"
    " { playback { tracks { trackId } } userErrors { field code } } }"
)
NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
SET = (
    "mutation($in: SetTrackLicencesInput!) { setTrackLicences(input: $in)"
    " { track { licences(first: 100) { totalCount } } userErrors { code } } }"
)


def random_licences(random: Random) -> list[Licence]:
    """A third of the tracks has none; bounds are whole days away from now, or there is none."""
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
    """One listener in one market, and what the rules say of every track."""

    def __init__(self, ask: Any, listener: Viewer, artist: UUID, licences: dict[UUID, list[Licence]]) -> None:
        self.ask = ask
        self.listener = listener
        self.artist = ids.encode("Artist", artist)
        now = datetime.now(UTC)
        heard = {
            ids.encode("Track", key): may_be_heard(held, market=listener.market, now=now)
            for key, held in licences.items()
        }
        self.allowed = [key for key, may in heard.items() if may]
        self.refused = [key for key, may in heard.items() if not may]

    async def check(self, random: Random) -> None:
        assert await self.listed(first=random.randint(1, 15)) == self.allowed
        nodes = await self.ask.data(NODES, self.listener, ids=[*self.allowed, *self.refused])
        assert nodes == [{"id": key} for key in self.allowed] + [None] * len(self.refused)
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

    async def listed(self, *, first: int) -> list[str]:
        """Every page of the artist's tracks; all but the last are full."""
        found: list[list[str]] = []
        after, more = None, True
        while more:
            artist = await self.ask.data(LIST, self.listener, artist=self.artist, first=first, after=after)
            page = artist["tracks"]
            assert page["totalCount"] == len(self.allowed)
            found.append([edge["node"]["id"] for edge in page["edges"]])
            after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        assert all(len(page) == first for page, _ in pairwise(found))
        return [key for page in found for key in page]


@pytest.mark.parametrize("seed", range(4))
async def test_what_is_listed_is_playable_and_what_is_not_is_absent(ask, add_user, add_catalogue, seed: int) -> None:
    random = Random(seed)  # noqa: S311 -- a seed that repeats what it found
    owner, listener = await add_user(Role.LABEL), await add_user(Role.LISTENER)
    held = [random_licences(random) for _ in range(TRACKS)]
    artist, tracks = await add_catalogue(owner, held)
    licences = dict(zip(tracks, held, strict=True))
    for _ in range(ROUNDS):
        market = random.choice((*MARKETS, "DE", None))
        await Round(ask, msgspec.structs.replace(listener, market=market), artist, licences).check(random)
        for track in random.sample(tracks, 3):
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
