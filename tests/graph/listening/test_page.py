"""The page about a listener's own music: every operation on it, against the API."""

from datetime import UTC, datetime, timedelta
from typing import Any

from graph import ids
from graph.listening.charts import write_daily
from graph.listening.rollup import roll_up
from graph.viewer import Role
from tests.graph.pages import Page


async def test_every_operation_of_the_page_does_what_it_says(ask, pool, add_user, add_track) -> None:
    page = Page("listening.md")
    listener, track = await add_user(Role.LISTENER), await add_track(await add_user(Role.ARTIST), ready=60_000)
    wanted, now = ids.encode("Track", track), datetime.now(UTC)

    async def do(name: str, **variables: Any) -> Any:
        return await ask.data(page.document(name), listener, **variables)

    liked = {"track": {"id": wanted, "viewerHasLiked": True}, "userErrors": []}
    assert await do("Like", track=wanted) == liked
    found = (await do("Likes"))["library"]["likedTracks"]
    assert (found["totalCount"], [edge["node"]["id"] for edge in found["edges"]]) == (1, [wanted])

    play = {"trackId": wanted, "startedAt": (now - timedelta(minutes=3)).isoformat(), "playedMs": 60_000}
    once = {**play, "clientKey": "one", "sentAt": now.isoformat()}
    assert await do("Played", play=once) == {"outcome": "COUNTED", "userErrors": []}
    plays = [{**play, "clientKey": key} for key in ("one", "two")]
    told = await do("PlayedOffline", plays=plays, sentAt=now.isoformat())
    assert [(one["clientKey"], one["outcome"]) for one in told["results"]] == [
        ("one", "COUNTED_BEFORE"),
        ("two", "COUNTED"),
    ]

    async with pool.acquire() as connection:
        await roll_up(connection, now)
        await write_daily(connection, now)
    listening = (await do("Played4Weeks"))["listening"]
    assert {name: len(page["edges"]) for name, page in listening.items()} == {
        "recentlyPlayed": 1,
        "history": 2,
        "topTracks": 1,
        "topArtists": 1,
    }
    assert listening["topTracks"]["edges"][0]["plays"] == 2
    assert [edge["place"] for edge in (await do("Trending"))["edges"]] == [1]
    artist = await pool.fetchval("SELECT artist_id FROM tracks WHERE id = $1", track)
    known = (await do("KnownFor", artist=ids.encode("Artist", artist)))["popularTracks"]
    assert known["edges"] == [{"plays": None, "node": {"id": wanted, "title": "Tune", "album": None}}]
    assert page.left == set()
