"""The page about the catalogue: every operation on it, against the API."""

from datetime import UTC, datetime, timedelta
from typing import Any

from graph import ids
from graph.viewer import Role
from tests.graph.pages import Page


async def test_every_operation_of_the_page_does_what_it_says(ask: Any, add_user: Any) -> None:
    page = Page("catalogue.md")
    owner, label = await add_user(Role.ARTIST), await add_user(Role.LABEL)

    async def do(name: str, **variables: Any) -> Any:
        return await ask.data(page.document(name), owner, **variables)

    rows = [{"key": "1", "title": "River", "artist": "Alma", "album": {"title": "Rivers"}}, {"title": "", "artist": ""}]
    delivered = await do("Deliver", tracks=rows)
    assert ([one["created"] for one in delivered["tracks"]], {one["index"] for one in delivered["rejected"]}) == (
        [True],
        {1},
    )
    track = delivered["tracks"][0]["trackId"]
    found = await ask.data("query($id: ID!) { track(id: $id) { artist { id } album { id } } }", owner, id=track)

    at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    scheduled = await do("Schedule", album=found["album"]["id"], at=at)
    assert (scheduled["album"]["state"], scheduled["userErrors"]) == ("SCHEDULED", [])

    lines = [{"startMs": 1000, "text": "River, river"}]
    assert (await do("Describe", track=track, lines=lines, guest=found["artist"]["id"]))["userErrors"] == []
    shown = await do("TrackPage", track=track)
    assert (shown["syncedLyrics"], len(shown["credits"]["edges"])) == (lines, 2)
    genre = shown["genres"]["edges"][0]["node"]["id"]
    assert [edge["node"]["id"] for edge in (await do("GenrePage", genre=genre))["tracks"]["edges"]] == [track]

    album = await do("AlbumPage", album=found["album"]["id"])
    assert (album["type"], album["tracks"]["totalCount"]) == ("EP", 1)
    assert (await do("ArtistPage", artist=found["artist"]["id"]))["albums"]["totalCount"] == 0
    assert (await do("WithdrawOne", track=track))["track"]["withdrawnAt"] is not None
    assert (await do("Withdraw", album=found["album"]["id"]))["album"]["state"] == "WITHDRAWN"

    profile = await do("Profile", artist=found["artist"]["id"])
    assert profile["artist"]["links"] == [{"title": "Home", "url": "https://alma.example"}]

    licensed = await do("License", track=track, **{"from": at})
    assert licensed["track"]["licences"]["totalCount"] == 2
    signed = await do("Sign", artist=found["artist"]["id"], label=ids.encode("User", label.user_id))
    assert signed == {"artist": {"id": found["artist"]["id"]}, "userErrors": []}
    assert page.left == set()
