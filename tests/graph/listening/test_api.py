from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from graph import ids
from graph.keys import new_key
from graph.listening.charts import write_daily, write_weekly
from graph.listening.rollup import roll_up
from graph.viewer import Role, Viewer

REPORT = """
mutation($i: ReportPlayInput!) {
  reportPlay(input: $i) { outcome track { id } userErrors { field code } }
}
"""
REPORT_SEVERAL = """
mutation($i: ReportPlaysInput!) {
  reportPlays(input: $i) { results { clientKey outcome problem { field code } } userErrors { field code } }
}
"""
LISTENING = """
query($first: Int!, $over: ListeningSpan!) { viewer { listening {
  history(first: $first) { totalCount edges { playedAt node { title artist { name } } } }
  recentlyPlayed(first: $first) { edges { playedAt node { title } } }
  topTracks(first: $first, over: $over) { edges { plays node { title } } }
  topArtists(first: $first, over: $over) { edges { plays node { name } } }
} } }
"""
TRENDING = """
query($market: CountryCode, $genre: ID, $over: ChartSpan! = DAY) {
  trendingTracks(first: 10, market: $market, genreId: $genre, over: $over) { edges { place node { title } } totalCount }
}
"""
NOW = datetime.now(UTC)


@pytest.fixture
async def tunes(pool, add_user, add_track) -> dict[str, UUID]:
    """Tracks of a minute by their titles, by one artist each."""
    found = {title: await add_track(await add_user(Role.ARTIST), ready=60_000) for title in ("A", "B")}
    for title, key in found.items():
        await pool.execute("UPDATE tracks SET title = $2 WHERE id = $1", key, title)
    return found


def play(track: UUID, key: str, *, minutes_ago: int = 5, played_ms: int = 60_000) -> dict[str, Any]:
    started = NOW - timedelta(minutes=minutes_ago)
    return {
        "clientKey": key,
        "trackId": ids.encode("Track", track),
        "startedAt": started.isoformat(),
        "playedMs": played_ms,
    }


async def count(pool) -> None:
    async with pool.acquire() as connection:
        await roll_up(connection, datetime.now(UTC))
        await write_daily(connection, datetime.now(UTC))


async def played(ask, tunes, fan: Viewer) -> None:
    """B twice, then A, then B."""
    plays = [play(tunes[title], f"{n}", minutes_ago=9 - n) for n, title in enumerate("BBAB")]
    answer = await ask.data(REPORT_SEVERAL, fan, i={"plays": plays})
    assert [result["outcome"] for result in answer["results"]] == ["COUNTED"] * 4


async def test_a_play_is_reported_and_again_is_no_error(ask, add_user, tunes) -> None:
    fan, track = await add_user(Role.LISTENER), ids.encode("Track", tunes["A"])
    for outcome in ("COUNTED", "COUNTED_BEFORE"):
        answer = await ask.data(REPORT, fan, i={**play(tunes["A"], "a"), "sentAt": NOW.isoformat()})
        assert answer == {"outcome": outcome, "track": {"id": track}, "userErrors": []}
    answer = await ask.data(REPORT, fan, i=play(tunes["A"], "b", played_ms=29_999))
    assert answer == {"outcome": "TOO_SHORT", "track": {"id": track}, "userErrors": []}
    for wrong, field, code in (
        ({"trackId": "no id"}, "trackId", "NOT_FOUND"),
        ({"trackId": ids.encode("Track", new_key())}, "trackId", "NOT_FOUND"),
        ({"startedAt": (NOW + timedelta(hours=1)).isoformat()}, "startedAt", "INVALID_VALUE"),
    ):
        answer = await ask.data(REPORT, fan, i={**play(tunes["A"], "c"), **wrong})
        assert answer == {"outcome": None, "track": None, "userErrors": [{"field": [field], "code": code}]}
    assert await ask.codes(REPORT, None, i=play(tunes["A"], "a")) == ["UNAUTHENTICATED"]


async def test_one_of_several_plays_may_be_refused(ask, add_user, tunes) -> None:
    plays = [play(tunes["A"], "a"), {**play(tunes["A"], "b"), "trackId": "no id"}, play(tunes["B"], "c")]
    answer = await ask.data(REPORT_SEVERAL, await add_user(Role.LISTENER), i={"plays": plays})
    assert [(result["clientKey"], result["outcome"], result["problem"]) for result in answer["results"]] == [
        ("a", "COUNTED", None),
        ("b", "REFUSED", {"field": ["trackId"], "code": "NOT_FOUND"}),
        ("c", "COUNTED", None),
    ]


async def test_more_than_a_hundred_at_once_are_refused_together(ask, pool, add_user, tunes) -> None:
    plays = [play(tunes["A"], f"{n}") for n in range(101)]
    answer = await ask.data(REPORT_SEVERAL, await add_user(Role.LISTENER), i={"plays": plays})
    assert answer == {"results": None, "userErrors": [{"field": ["plays"], "code": "INVALID_VALUE"}]}
    assert await pool.fetchval("SELECT count(*) FROM plays") == 0


async def test_a_listener_sees_what_it_has_played_and_plays_most(ask, pool, add_user, tunes) -> None:
    fan = await add_user(Role.LISTENER)
    await played(ask, tunes, fan)
    await count(pool)
    found = (await ask.data(LISTENING, fan, first=10, over="ALL_TIME"))["listening"]
    assert [edge["node"]["title"] for edge in found["history"]["edges"]] == ["B", "A", "B", "B"]
    assert found["history"]["totalCount"] == 4
    times = [datetime.fromisoformat(edge["playedAt"]) for edge in found["history"]["edges"]]
    assert times == [NOW - timedelta(minutes=minutes) for minutes in (6, 7, 8, 9)]
    assert [edge["node"]["title"] for edge in found["recentlyPlayed"]["edges"]] == ["B", "A"]
    for over in ("FOUR_WEEKS", "SIX_MONTHS", "ALL_TIME"):
        found = (await ask.data(LISTENING, fan, first=10, over=over))["listening"]
        assert found["topTracks"]["edges"] == [
            {"plays": 3, "node": {"title": "B"}},
            {"plays": 1, "node": {"title": "A"}},
        ]
        assert [edge["plays"] for edge in found["topArtists"]["edges"]] == [3, 1]


async def test_nobody_else_sees_it(ask, add_user, tunes) -> None:
    fan, other = await add_user(Role.LISTENER), await add_user(Role.ADMIN)
    await played(ask, tunes, fan)
    query = "query($id: ID!) { node(id: $id) { ... on User { listening { history { totalCount } } } } }"
    for viewer in (other, None):
        assert await ask.data(query, viewer, id=ids.encode("User", fan.user_id)) == {"listening": None}
    found = (await ask.data(LISTENING, other, first=10, over="ALL_TIME"))["listening"]
    assert found["history"]["totalCount"] == 0


async def test_statements_do_not_grow_with_the_page(ask, pool, counting, add_user, tunes) -> None:
    fan = await add_user(Role.LISTENER)
    await played(ask, tunes, fan)
    await count(pool)
    for first in (1, 4):
        async with counting() as statements:
            await ask.data(LISTENING, fan, first=first, over="ALL_TIME")
        # History with its artists, its count, and one page for each of the other three; who asks is known.
        assert len(statements) == 5, statements


async def test_a_report_is_three_statements(ask, counting, add_user, tunes) -> None:
    fan = await add_user(Role.LISTENER)
    query = REPORT.replace("track { id }", "")
    async with counting() as statements:
        await ask.data(query, fan, i=play(tunes["A"], "a"))
    assert len(statements) == 3, statements


async def test_charts_are_those_of_a_country_or_of_all(ask, pool, tunes) -> None:
    hear = "INSERT INTO track_hours SELECT date_trunc('hour', now(), 'UTC'), $1, $2, $3"
    await pool.execute(hear, "DE", tunes["A"], 9)
    await pool.execute(hear, "FR", tunes["B"], 4)
    await count(pool)
    both = [{"place": 1, "node": {"title": "A"}}, {"place": 2, "node": {"title": "B"}}]
    assert await ask.data(TRENDING, None) == {"edges": both, "totalCount": 2}
    assert (await ask.data(TRENDING, None, market="FR"))["edges"] == [{"place": 1, "node": {"title": "B"}}]
    assert (await ask.data(TRENDING, None, market="fr"))["edges"] == [{"place": 1, "node": {"title": "B"}}]
    assert (await ask.data(TRENDING, None, market="GB"))["edges"] == []
    assert await ask.codes(TRENDING, None, market="Germany") == ["BAD_REQUEST"]
    async with pool.acquire() as connection:
        await write_weekly(connection, datetime.now(UTC))
    assert (await ask.data(TRENDING, None, over="WEEK"))["edges"] == both
    assert await ask.data(TRENDING, None, genre="no id") is None
    await pool.execute("INSERT INTO licences (id, track_id, market) VALUES ($1, $2, 'DE')", new_key(), tunes["A"])
    assert (await ask.data(TRENDING, None))["edges"] == both[1:]
    await pool.execute("UPDATE tracks SET withdrawn_at = now() WHERE id = $1", tunes["B"])
    assert await ask.data(TRENDING, None) == {"edges": [], "totalCount": 0}
